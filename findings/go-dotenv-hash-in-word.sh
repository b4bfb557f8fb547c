#!/usr/bin/env bash
# github.com/subosito/gotenv 1.6.0 and github.com/hashicorp/go-envparse 0.1.0 cut an unquoted value at a # inside a word,
# such as a password or the fragment of a URL; joho/godotenv 1.5.1 and sh keep it. gotenv also reads "\t" as a t, and
# go-envparse refuses an apostrophe in a word.
# Guess: a#b three times. Seen: a#b, a, a.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe

require (
	github.com/joho/godotenv v1.5.1
	github.com/subosito/gotenv v1.6.0
	github.com/hashicorp/go-envparse v0.1.0
)
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-envparse"
	"github.com/joho/godotenv"
	"github.com/subosito/gotenv"
)

func main() {
	for _, text := range []string{"A=a#b", `A="a\tb"`, "A=it's"} {
		first, _ := godotenv.Unmarshal(text)
		second, _ := gotenv.StrictParse(strings.NewReader(text))
		third, err := envparse.Parse(strings.NewReader(text))
		fmt.Printf("%s %q %q %q %v\n", text, first["A"], second["A"], third["A"], err)
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
A=a#b "a#b" "a" "a" <nil>
A="a\tb" "atb" "atb" "a\tb" <nil>
A=it's "it's" "it's" "" error on line 1: unmatched '
END
