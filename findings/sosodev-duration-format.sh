#!/usr/bin/env bash
# github.com/sosodev/duration 1.4.0 (Go) formats 30 days as P4W2D and 400 days as P1Y1M4DT14H, since its year has 365 days
# and its month 730 hours. XML Schema's duration has no weeks, ISO 8601-1 has weeks only by themselves, and a reader that
# adds calendar months to a date gets another day.
# https://www.w3.org/TR/xmlschema11-2/#duration
# Guess: P30D, P400D. Seen: P4W2D, P1Y1M4DT14H.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe

require (
	github.com/sosodev/duration v1.4.0
)
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"time"

	"github.com/sosodev/duration"
)

func main() {
	for _, days := range []time.Duration{1, 7, 30, 400} {
		fmt.Println(int(days), duration.Format(days*24*time.Hour))
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
1 P1D
7 P1W
30 P4W2D
400 P1Y1M4DT14H
END
