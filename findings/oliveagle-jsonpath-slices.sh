#!/usr/bin/env bash
# github.com/oliveagle/jsonpath of 2018-06-06 (Go): [0:1] has two elements and [:-1] all, names in brackets and $..b are
# errors, and [?(@.b>1)] finds nothing unless there are blanks around the operator. RFC 9535 sections 2.3.1 and 2.3.4: the
# end of a slice is exclusive; a name is quoted in brackets.
# https://www.rfc-editor.org/rfc/rfc9535
# Guess: [1], [1 2], 3, three values, [2 3]. Seen: [1 2], [1 2 3], two errors, [].
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe

require (
	github.com/oliveagle/jsonpath v0.0.0-20180606110733-2e52cf6e6852
)
END
cat >main.go <<'END'
package main

import (
	"encoding/json"
	"fmt"

	"github.com/oliveagle/jsonpath"
)

func main() {
	var document any
	json.Unmarshal([]byte(`{"a": [{"b": 1}, {"b": 2}, {"b": 3}], "d e": 3}`), &document)
	for _, path := range []string{"$.a[0:1].b", "$.a[:-1].b", "$['d e']", "$..b", "$.a[?(@.b>1)].b", "$.a[?(@.b > 1)].b"} {
		fmt.Print(path, " ")
		fmt.Println(jsonpath.JsonPathLookup(document, path))
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
$.a[0:1].b [1 2] <nil>
$.a[:-1].b [1 2 3] <nil>
$['d e'] <nil> strconv.Atoi: parsing "'d e'": invalid syntax
$..b <nil> expression don't support in filter
$.a[?(@.b>1)].b [] <nil>
$.a[?(@.b > 1)].b [2 3] <nil>
END
