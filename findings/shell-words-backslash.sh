#!/usr/bin/env bash
# Two Go modules split a command line as a shell would. github.com/google/shlex (commit e7afc7fbc510) and
# github.com/mattn/go-shellwords 1.0.16 keep the line feed of a continued line, and drop each backslash in double quotes. POSIX,
# Shell Command Language 2.2.1 and 2.2.3: the pair is removed, and a backslash stays unless $, `, ", \ or a line feed follows.
# Guess: a, b and "\d" as sh splits them; github.com/kballard/go-shellquote does. Seen: a, "\nb" and "d", twice.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require (
	github.com/google/shlex v0.0.0-20191202100458-e7afc7fbc510
	github.com/kballard/go-shellquote v0.0.0-20180428030007-95032a82bc51
	github.com/mattn/go-shellwords v1.0.16
)
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/google/shlex"
	"github.com/kballard/go-shellquote"
	"github.com/mattn/go-shellwords"
)

func main() {
	const line = "a \\\nb \"\\d\""
	for _, split := range []func(string) ([]string, error){shellquote.Split, shlex.Split, shellwords.Parse} {
		words, err := split(line)
		fmt.Printf("%q %v\n", words, err)
	}
}
END
seen=$(go run . 2>/dev/null)
right=$(sh -c 'set -- a \
b "\d"; printf "%s " "$@"')
printf '%s\n' "$seen" "$right"
[[ $right == 'a b \d ' && $seen == '["a" "b" "\\d"] <nil>
["a" "\nb" "d"] <nil>
["a" "\nb" "d"] <nil>' ]]
