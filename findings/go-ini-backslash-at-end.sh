#!/usr/bin/env bash
# gopkg.in/ini.v1 1.68.0 (Go) continues a value that ends in a backslash, such as a Windows folder, with the next line, so
# that the next key is lost. It cuts x#y at the # and writes "# y" as a comment line above the key when it saves. Python's
# configparser keeps both values.
# Guess: C:\data\ and d; x#y. Seen: C:\datac=d; x and a comment.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe

require (
	gopkg.in/ini.v1 v1.68.0
)
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"strings"

	"gopkg.in/ini.v1"
)

func main() {
	for _, text := range []string{"[a]\nb=C:\\data\\\nc=d\n", "[a]\nb=x#y\n"} {
		file, err := ini.Load([]byte(text))
		var saved strings.Builder
		file.WriteTo(&saved)
		fmt.Printf("%q %v %q\n", file.Section("a").KeysHash(), err, saved.String())
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
map["b":"C:\\datac=d"] <nil> "[a]\nb = C:\\datac=d\n"
map["b":"x"] <nil> "[a]\n# y\nb = x\n"
END
