#!/usr/bin/env bash
# A value with a line end does not survive from Go to Node.js. github.com/go-logfmt/logfmt 0.6.1 writes the line end as \n and
# reads it back; logfmt 1.4.0 and @jclem/logfmt2 2.4.3 (npm) take the backslash for nothing and keep an n. The format has no
# specification; go-logfmt quotes as encoding/json does. https://pkg.go.dev/github.com/go-logfmt/logfmt
# Guess: two lines each. Seen: two lines from Go, "anb" twice from Node.js.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/go-logfmt/logfmt v0.6.1
END
cat >main.go <<'END'
package main

import (
	"bytes"
	"fmt"

	"github.com/go-logfmt/logfmt"
)

func main() {
	line, _ := logfmt.MarshalKeyvals("k", "a\nb")
	decoder := logfmt.NewDecoder(bytes.NewReader(line))
	decoder.ScanRecord()
	decoder.ScanKeyval()
	fmt.Printf("%s %q", line, decoder.Value())
}
END
seen=$(go run . 2>/dev/null)
npm install --silent --no-fund --no-audit --prefix "$folder" logfmt@1.4.0 @jclem/logfmt2@2.4.3
read_back=$(NODE_PATH=$folder/node_modules node -e '
const line = process.argv[1].split(" ")[0];
console.log(require("logfmt").parse(line).k, require("@jclem/logfmt2").decode(line).k);' "$seen")
printf '%s\n' "$seen" "$read_back"
[ "$seen" = 'k="a\nb" "a\nb"' ] && [ "$read_back" = "anb anb" ]
