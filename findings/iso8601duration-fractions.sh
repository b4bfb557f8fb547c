#!/usr/bin/env bash
# github.com/channelmeter/iso8601duration (Go, commit 8da3af7a2a61) reads a duration with a fraction as a whole one or as
# nothing, without an error. ISO 8601 allows a fraction of the last component (RFC 3339 appendix A names it too).
# Guess: 1.5 seconds and 12 hours. Seen: 0 for PT1.5S and for P0.5D.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/channelmeter/iso8601duration v0.0.0-20150204201828-8da3af7a2a61
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/channelmeter/iso8601duration"
)

func main() {
	for _, text := range []string{"PT2S", "PT1.5S", "P0.5D"} {
		read, err := duration.FromString(text)
		fmt.Println(text, read.ToDuration(), err)
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[[ $seen == "PT2S 2s <nil>
PT1.5S 0s <nil>
P0.5D 0s <nil>" ]]
