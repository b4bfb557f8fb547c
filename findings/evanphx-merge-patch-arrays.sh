#!/usr/bin/env bash
# github.com/evanphx/json-patch/v5 5.9.11 removes members with the value null from objects inside an array of a JSON Merge
# Patch. RFC 7396 section 2: an array replaces the value as it is, and null removes a member of an object that is merged only.
# Guess: {"a":[null,{"b":null}]}. Seen: {"a":[null,{}]}.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/evanphx/json-patch/v5 v5.9.11
END
cat >main.go <<'END'
package main

import (
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"
)

func main() {
	merged, err := jsonpatch.MergePatch([]byte(`{"a":1}`), []byte(`{"a":[null,{"b":null}]}`))
	fmt.Println(string(merged), err)
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = '{"a":[null,{}]} <nil>' ]
