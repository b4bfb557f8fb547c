#!/usr/bin/env bash
# Two Go modules read a Link header. github.com/peterhellberg/link 1.2.0 drops the commas of a URL and does not find a
# relation written REL; github.com/tomnomnom/linkheader (commit e5fe3b51442e) returns no link for a URL with a comma, and
# takes the last of two rel parameters. RFC 8288 section 3: names match in any case; section 3.3: the first rel counts.
# Guess: "?x=1,2", next, next from each. Seen: "?x=12", "", "prev"; "", "next", "prev".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require (
	github.com/peterhellberg/link v1.2.0
	github.com/tomnomnom/linkheader v0.0.0-20250811210735-e5fe3b51442e
)
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/peterhellberg/link"
	"github.com/tomnomnom/linkheader"
)

func main() {
	comma, upper, twice := `<?x=1,2>; rel="next"`, `<a>; REL="next"`, `<a>; rel="next"; rel="prev"`
	first := []string{"", "", ""}
	for _, found := range link.Parse(comma) {
		first[0] = found.URI
	}
	for _, found := range link.Parse(upper) {
		first[1] = found.Rel
	}
	for _, found := range link.Parse(twice) {
		first[2] = found.Rel
	}
	second := []string{"", "", ""}
	for _, found := range linkheader.Parse(comma) {
		second[0] = found.URL
	}
	for _, found := range linkheader.Parse(upper) {
		second[1] = found.Rel
	}
	for _, found := range linkheader.Parse(twice) {
		second[2] = found.Rel
	}
	fmt.Printf("%q\n%q\n", first, second)
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = '["?x=12" "" "prev"]
["" "next" "prev"]' ]
