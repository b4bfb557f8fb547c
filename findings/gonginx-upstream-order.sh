#!/usr/bin/env bash
# github.com/tufanbarisyildirim/gonginx of 2026-02-20 (Go) writes a configuration of nginx with the servers of an upstream
# behind all other directives, and without a comment at the end of the file or of a block.
# Guess: the same lines. Seen: keepalive in front of server, no comment.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe

require (
	github.com/tufanbarisyildirim/gonginx v0.0.0-20260220081509-8e17ce617db3
)
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/tufanbarisyildirim/gonginx/dumper"
	"github.com/tufanbarisyildirim/gonginx/parser"
)

func main() {
	text := "upstream a {\n    server 192.0.2.1;\n    server 192.0.2.2;\n    keepalive 4;\n    # spare\n}\n# end\n"
	config, err := parser.NewStringParser(text).Parse()
	if err != nil {
		panic(err)
	}
	fmt.Println(dumper.DumpConfig(config, dumper.IndentedStyle))
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
upstream a {
    keepalive 4;
    server 192.0.2.1;
    server 192.0.2.2;
}
END
