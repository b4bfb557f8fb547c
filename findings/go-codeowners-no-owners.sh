#!/usr/bin/env bash
# github.com/hairyhenderson/go-codeowners 0.7.1 (Go) ignores a pattern without owners. GitHub's documentation has the
# example /apps/github, which takes the files from @octocat, the owner of /apps/. github.com/hmarr/codeowners 1.2.1 returns
# none.
# Guess: no owner. Seen: @octocat.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require (
	github.com/hairyhenderson/go-codeowners v0.7.1
	github.com/hmarr/codeowners v1.2.1
)
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"strings"

	first "github.com/hairyhenderson/go-codeowners"
	second "github.com/hmarr/codeowners"
)

func main() {
	text := "/apps/ @octocat\n/apps/github\n"
	owners, err := first.FromReader(strings.NewReader(text), "/")
	rules, other := second.ParseFile(strings.NewReader(text))
	rule, last := rules.Match("apps/github")
	fmt.Println(owners.Owners("apps/github"), rule.Owners, err, other, last)
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = '[@octocat] [] <nil> <nil> <nil>' ]
