#!/usr/bin/env bash
# github.com/gorhill/cronexpr (commit 88b0669f7d75, Go) never runs the line "0 0 * * 5-7", and Parse returns no error. It
# does run on Sunday for 7 outside a range. crontab(5): 0 and 7 are both Sunday.
# Guess: Friday. Seen: the zero time; Sunday for 7; Friday for 5-6.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/gorhill/cronexpr v0.0.0-20180427100037-88b0669f7d75
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"time"

	"github.com/gorhill/cronexpr"
)

func main() {
	for _, day := range []string{"5-7", "7", "5-6"} {
		line, err := cronexpr.Parse("0 0 * * " + day)
		next := line.Next(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC))
		fmt.Println(day, err, next.IsZero(), next.Weekday())
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = '5-7 <nil> true Monday
7 <nil> false Sunday
5-6 <nil> false Friday' ]
