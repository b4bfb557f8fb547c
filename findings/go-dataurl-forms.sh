#!/usr/bin/env bash
# github.com/vincent-petithory/dataurl 1.0.0 (Go) refuses a data: URL whose scheme or whose base64 is in upper case, and one
# whose padding is percent-encoded. RFC 3986 section 3.1: a scheme has no case; RFC 2397 takes its grammar's strings from
# RFC 822, where they have none; and "=" may be written %3D in any URL.
# Guess: "a" three times. Seen: three errors.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/vincent-petithory/dataurl v1.0.0
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/vincent-petithory/dataurl"
)

func main() {
	urls := []string{"DATA:text/plain,a", "data:text/plain;BASE64,YQ==", "data:text/plain;base64,YQ%3D%3D"}
	for _, url := range append(urls, "data:text/plain;base64,YQ==") {
		_, err := dataurl.DecodeString(url)
		fmt.Println(err)
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = 'missing data prefix
expected base64, got BASE64
invalid data character
<nil>' ]
