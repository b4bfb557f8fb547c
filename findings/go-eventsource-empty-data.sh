#!/usr/bin/env bash
# github.com/donovanhide/eventsource (Go, commit c59027999da0) dispatches events without data, gives an event no identifier
# if it has none of its own, and loses the first line after a byte order mark.
# https://html.spec.whatwg.org/#event-stream-interpretation: without data nothing is dispatched, the last identifier stays,
# and one byte order mark is ignored.
# Guess: 1 a, 1 b; b; a. Seen: 1 a, b without an identifier; two events; an empty text.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/donovanhide/eventsource v0.0.0-20210830082556-c59027999da0
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"strings"

	"github.com/donovanhide/eventsource"
)

func main() {
	for _, text := range []string{"id: 1\ndata: a\n\ndata: b\n\n", "event: x\n\ndata: b\n\n", "\ufeffdata: a\n\n"} {
		decoder := eventsource.NewDecoder(strings.NewReader(text))
		for {
			event, err := decoder.Decode()
			if err != nil {
				break
			}
			fmt.Printf("%q %q %q\n", event.Id(), event.Event(), event.Data())
		}
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"1" "" "a"
"" "" "b"
"" "x" ""
"" "" "b"
"" "" ""
END
