#!/usr/bin/env bash
# url-otpauth 2.0.0, otpauth 9.5.2 (npm) and pquerna/otp 1.5.0 (Go) keep the blank of an otpauth: label as a part of the
# account. The key URI format of Google Authenticator has label = accountname / issuer (":" / "%3A") *"%20" accountname,
# and the example Big%20Corporation%3A%20alice%40bigco.com.
# Guess: "alice@bigco.com". Seen: " alice@bigco.com" three times.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" url-otpauth@2.0.0 otpauth@9.5.2
NODE_PATH=$folder/node_modules node - <<'JS'
const uri = "otpauth://totp/Big%20Corporation%3A%20alice%40bigco.com?secret=JBSWY3DPEHPK3PXP";
const seen = [require("url-otpauth").parse(uri).account, require("otpauth").URI.parse(uri).label];
console.log(seen);
require("assert").deepStrictEqual(seen, [" alice@bigco.com", " alice@bigco.com"]);
JS
cd "$folder"; export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cat >go.mod <<'END'
module probe

go 1.21

require github.com/pquerna/otp v1.5.0
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/pquerna/otp"
)

func main() {
	key, err := otp.NewKeyFromURL("otpauth://totp/Big%20Corporation%3A%20alice%40bigco.com?secret=JBSWY3DPEHPK3PXP")
	fmt.Printf("%q %v\n", key.AccountName(), err)
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
test "$seen" = '" alice@bigco.com" <nil>'
