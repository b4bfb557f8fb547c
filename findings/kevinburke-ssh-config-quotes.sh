#!/usr/bin/env bash
# github.com/kevinburke/ssh_config 1.6.0 keeps the quotes of a host, which then matches nothing, and drops those of a value.
# ssh_config(5): any argument may be enclosed in double quotes. ssh -G prints port 5 for both hosts below.
# Guess: ~/a b; port 5 for b and for c. Seen: ~/a b; no port for b, 5 for c.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/kevinburke/ssh_config v1.6.0
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"strings"

	"github.com/kevinburke/ssh_config"
)

func main() {
	text := "Host a\n  IdentityFile \"~/a b\"\nHost \"b\" c\n  Port 5\n"
	config, err := ssh_config.Decode(strings.NewReader(text))
	file, _ := config.Get("a", "IdentityFile")
	quoted, _ := config.Get("b", "Port")
	plain, _ := config.Get("c", "Port")
	fmt.Printf("%v %q %q %q\n", err, file, quoted, plain)
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = '<nil> "~/a b" "" "5"' ]
