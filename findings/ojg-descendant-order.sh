#!/usr/bin/env bash
# github.com/ohler55/ojg 1.28.5 (Go): $..a returns the member of a nested object before that of the object around it, so
# that the first match is not the one near the root. RFC 9535 section 2.5.2.2: a value is visited before its descendants.
# https://www.rfc-editor.org/rfc/rfc9535#section-2.5.2.2
# Guess: [1 2 3]. Seen: [3 2 1].
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe

require (
	github.com/ohler55/ojg v1.28.5
)
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/ohler55/ojg/jp"
	"github.com/ohler55/ojg/oj"
)

func main() {
	document := oj.MustParseString(`{"a": 1, "b": {"a": 2, "b": {"a": 3}}}`)
	fmt.Println(jp.MustParseString("$..a").Get(document))
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
[3 2 1]
END
