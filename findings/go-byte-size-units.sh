#!/usr/bin/env bash
# c2h5oh/datasize and inhies/go-bytesize (Go) refuse KiB, and alecthomas/units refuses a number without a unit or with a blank in
# front of it. IEC 80000-13 has KiB for 1024 octets, and the SI Brochure (section 5.4.3) a blank between number and unit.
# Guess: 1024 for 1KiB and 1 KiB, 10 for 10. Seen: errors; units reads 1KiB, datasize 10.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe

go 1.21

require (
	github.com/alecthomas/units v0.0.0-20240927000941-0f3dac36c52b
	github.com/c2h5oh/datasize v0.0.0-20231215233829-aa82cc1e6500
	github.com/inhies/go-bytesize v0.0.0-20220417184213-4913239db9cf
)
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/alecthomas/units"
	"github.com/c2h5oh/datasize"
	"github.com/inhies/go-bytesize"
)

func main() {
	for _, text := range []string{"1KiB", "1 KiB", "10", "1KB"} {
		_, first := datasize.ParseString(text)
		_, second := bytesize.Parse(text)
		_, third := units.ParseStrictBytes(text)
		fmt.Println(text, first == nil, second == nil, third == nil)
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
1KiB false false true
1 KiB false false false
10 true false false
1KB true true true
END
