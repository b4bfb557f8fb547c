#!/usr/bin/env bash
# github.com/ChannelMeter/iso8601duration of 2015-02-04 (Go) looks for its pattern anywhere in the text: a fraction gives a
# duration of 0, the sign of -P1D and the days of P1W2D are lost, all without an error. ISO 8601 allows a fraction of the
# smallest part; a reader without signs would refuse them.
# Guess: 1h30m, 500ms, two errors. Seen: 0s, 0s, 24h, 168h.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe

require (
	github.com/ChannelMeter/iso8601duration v0.0.0-20150204201828-8da3af7a2a61
)
END
cat >main.go <<'END'
package main

import (
	"fmt"

	duration "github.com/ChannelMeter/iso8601duration"
)

func main() {
	for _, text := range []string{"P1DT12H", "PT1.5H", "PT0.5S", "-P1D", "P1W2D"} {
		value, err := duration.FromString(text)
		fmt.Println(text, value.ToDuration(), err)
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
P1DT12H 36h0m0s <nil>
PT1.5H 0s <nil>
PT0.5S 0s <nil>
-P1D 24h0m0s <nil>
P1W2D 168h0m0s <nil>
END
