#!/usr/bin/env bash
# github.com/PaesslerAG/jsonpath 0.1.1 (Go) refuses a name in single quotation marks, finds no element for a filter that
# asks whether a member exists unless its value is true, and counts no index from the end of a list. RFC 9535 sections
# 2.3.1, 2.3.3 and 2.3.5 have all three; an index out of range selects nothing.
# https://www.rfc-editor.org/rfc/rfc9535
# Guess: 3, 3, one element, 2. Seen: an error, 3, none, an error.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe

require (
	github.com/PaesslerAG/jsonpath v0.1.1
)
END
cat >main.go <<'END'
package main

import (
	"encoding/json"
	"fmt"

	"github.com/PaesslerAG/jsonpath"
)

func main() {
	var document any
	json.Unmarshal([]byte(`{"a": [{"b": 1, "c": "x"}, {"b": 2}], "d e": 3}`), &document)
	for _, path := range []string{"$['d e']", `$["d e"]`, "$.a[?(@.c)]", "$.a[-1].b"} {
		value, err := jsonpath.Get(path, document)
		fmt.Println(path, value, err != nil)
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
$['d e'] <nil> true
$["d e"] 3 false
$.a[?(@.c)] [] false
$.a[-1].b <nil> true
END
