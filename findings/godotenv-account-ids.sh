#!/usr/bin/env bash
# github.com/joho/godotenv 1.5.1 (Go) writes a value that looks like a number as one: an AWS account id that starts with 0
# loses it, and +5 its sign. It cannot read back a value that ends in a quotation mark, which it wrote itself, and reads
# "\t" as a t.
# Guess: the values that were written. Seen: 12345678901, 5, a value that ends in a backslash, "atb".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe

require (
	github.com/joho/godotenv v1.5.1
)
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/joho/godotenv"
)

func main() {
	for _, value := range []string{"012345678901", "+5", `say "hi"`} {
		text, _ := godotenv.Marshal(map[string]string{"A": value})
		back, _ := godotenv.Unmarshal(text)
		fmt.Printf("%s -> %s -> %s\n", value, text, back["A"])
	}
	tab, _ := godotenv.Unmarshal(`A="a\tb"`)
	fmt.Println(tab["A"])
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
012345678901 -> A=12345678901 -> 12345678901
+5 -> A=5 -> 5
say "hi" -> A="say \"hi\"" -> say "hi\
atb
END
