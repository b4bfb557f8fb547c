#!/usr/bin/env bash
# github.com/emersion/go-vcard (commit d854b7e0e2d3) splits a name and an address at escaped semicolons, which moves all fields
# after them, and categories at escaped commas. RFC 6350 section 3.4: a backslash makes a semicolon or comma a part of the value.
# Guess: family "Doe;x", given Jane; street "1;2 St"; two categories. Seen: "Doe\", x; "1\"; three categories.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/emersion/go-vcard v0.0.0-20260618161152-d854b7e0e2d3
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"strings"

	"github.com/emersion/go-vcard"
)

func main() {
	text := `BEGIN:VCARD
VERSION:4.0
FN:Jane
N:Doe\;x;Jane;;;
ADR:;;1\;2 St;City;;;
CATEGORIES:a\,b,c
END:VCARD
`
	card, err := vcard.NewDecoder(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))).Decode()
	name, address := card.Name(), card.Address()
	fmt.Printf("%v %q %q %q %q\n", err, name.FamilyName, name.GivenName, address.StreetAddress, card.Categories())
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = '<nil> "Doe\\" "x" "1\\" ["a" "b" "c"]' ]
