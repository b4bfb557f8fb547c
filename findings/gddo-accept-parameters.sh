#!/usr/bin/env bash
# github.com/golang/gddo (commit 72a348e765d2), httputil/header: ParseAccept stops at the first media type that has a parameter, and
# at a weight written Q, and drops it and all after it. RFC 9110 section 12.5.1: a media range may have parameters; section
# 5.6.6: their names match in any case.
# Guess: three types; a/b. Seen: the first; none.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/golang/gddo v0.0.0-20190904175337-72a348e765d2
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"net/http"

	"github.com/golang/gddo/httputil/header"
)

func main() {
	for _, text := range []string{"a/b, text/html;level=1, c/d;q=0.5", "a/b;Q=0.3"} {
		fmt.Printf("%+v\n", header.ParseAccept(http.Header{"Accept": {text}}, "Accept"))
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = '[{Value:a/b Q:1}]
[]' ]
