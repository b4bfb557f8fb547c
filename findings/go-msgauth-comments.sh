#!/usr/bin/env bash
# github.com/emersion/go-msgauth 0.7.0 (Go) splits an Authentication-Results header at each semicolon, also in a comment, such
# as the "(2048-bit key; unprotected)" of OpenDKIM, and in a quoted reason. RFC 8601 section 2.2 allows both (CFWS of RFC 5322).
# Its dmarc package refuses p=Reject (RFC 7489 section 6.4 is ABNF, which ignores case) and a record that has rua= but no p=,
# which section 6.6.3 takes for p=none.
# Guess: dkim with its domain, two policies. Seen: an error and dkim without a domain, "invalid policy", "missing a 'p'".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require github.com/emersion/go-msgauth v0.7.0
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/emersion/go-msgauth/authres"
	"github.com/emersion/go-msgauth/dmarc"
)

func main() {
	for _, comment := range []string{"(2048-bit key)", "(2048-bit key; unprotected)"} {
		_, results, err := authres.Parse("mx.example.org; dkim=pass " + comment + " header.d=example.com")
		fmt.Println(results[0].(*authres.DKIMResult).Domain, err)
	}
	for _, record := range []string{"v=DMARC1; p=reject", "v=DMARC1; p=Reject", "v=DMARC1; rua=mailto:a@example.org"} {
		_, err := dmarc.Parse(record)
		fmt.Println(err)
	}
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[[ $seen == "example.com <nil>
 msgauth: malformed authentication method and value
<nil>
dmarc: invalid policy for parameter 'p'
dmarc: record is missing a 'p' parameter" ]]
