#!/usr/bin/env bash
# github.com/jmespath/go-jmespath 0.4.0, which version 1 of AWS's SDK for Go uses, returns NaN for avg(`[]`), and
# encoding/json refuses to write the result. JMESPath's specification: avg of an empty array is null.
# https://jmespath.org/specification.html#avg
# Guess: null. Seen: "json: unsupported value: NaN".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe

require (
	github.com/jmespath/go-jmespath v0.4.0
)
END
cat >main.go <<'END'
package main

import (
	"encoding/json"
	"fmt"

	"github.com/jmespath/go-jmespath"
)

func main() {
	for _, expression := range []string{"avg(`[1, 2]`)", "max(`[]`)", "avg(`[]`)"} {
		value, err := jmespath.Search(expression, nil)
		text, refused := json.Marshal(value)
		fmt.Println(expression, string(text), err, refused)
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
avg(`[1, 2]`) 1.5 <nil> <nil>
max(`[]`) null <nil> <nil>
avg(`[]`)  <nil> json: unsupported value: NaN
END
