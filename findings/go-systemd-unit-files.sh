#!/usr/bin/env bash
# github.com/coreos/go-systemd/v22 22.7.0, package unit, fails at a comment between continued lines of a unit file, keeps the
# backslash and the line feed of a continued value, and escapes the path /a/./b as "a-.-b". systemd.syntax(7): the backslash
# becomes a space, and comments between continued lines are ignored; systemd-escape --path drops "." components.
# Guess: "a  b" twice, "a-b". Seen: an error, a value of two lines, "a-.-b".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/coreos/go-systemd/v22 v22.7.0
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"
)

func main() {
	_, err := unit.Deserialize(strings.NewReader("[A]\nX=a \\\n# c\n  b\n"))
	options, _ := unit.Deserialize(strings.NewReader("[A]\nX=a \\\n  b\n"))
	fmt.Printf("%v\n%q\n%s\n", err, options[0].Value, unit.UnitNamePathEscape("/a/./b"))
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = 'unexpected newline encountered while parsing option name
"a \\\n  b"
a-.-b' ]
