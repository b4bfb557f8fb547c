#!/usr/bin/env bash
# github.com/titanous/json5 1.0.0 (Go) refuses the escapes \x41 and \v, a name with a letter outside ASCII or an escape, and
# -NaN. https://spec.json5.org sections 3.1, 5.1 and 6: each is valid.
# Guess: five values. Seen: five errors.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/titanous/json5 v1.0.0
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/titanous/json5"
)

func main() {
	for _, text := range []string{`'\x41'`, `'\v'`, `{ü: 1}`, `{\u0061: 1}`, `-NaN`, `[-Infinity, 0xF, 'a', ]`} {
		var value any
		fmt.Println(json5.Unmarshal([]byte(text), &value) == nil)
	}
}
END
seen=$(go run . 2>/dev/null | tr '\n' ' ')
printf '%s\n' "$seen"
[ "$seen" = "false false false false false true " ]
