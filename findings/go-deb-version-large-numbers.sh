#!/usr/bin/env bash
# github.com/knqyf263/go-deb-version (commit 6f4aee6ccd23) finds all numbers of more than 64 bits equal. deb-version(7): digits are
# compared as a number, of any length. dpkg compares them without a limit, as pault.ag/go/debian 0.21.4 does.
# Guess: 20261128235959000001 is later than 20261128235959000000. Seen: equal.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require (
	github.com/knqyf263/go-deb-version v0.0.0-20241115132648-6f4aee6ccd23
	pault.ag/go/debian v0.21.4
)
END
cat >main.go <<'END'
package main

import (
	"fmt"

	debversion "github.com/knqyf263/go-deb-version"
	"pault.ag/go/debian/version"
)

func main() {
	const late, early = "1.0+git20261128235959000001", "1.0+git20261128235959000000"
	first, _ := debversion.NewVersion(late)
	second, _ := debversion.NewVersion(early)
	third, _ := version.Parse(late)
	fourth, _ := version.Parse(early)
	fmt.Println(version.Compare(third, fourth) > 0, first.Compare(second))
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = 'true 0' ]
