#!/usr/bin/env bash
# url-otpauth 2.0.0 and otpauth 9.5.2 (npm) keep the blank of an otpauth: label as a part of the account. The key URI format
# of Google Authenticator has label = accountname / issuer (":" / "%3A") *"%20" accountname, and the example
# Big%20Corporation%3A%20alice%40bigco.com.
# Guess: "alice@bigco.com". Seen: " alice@bigco.com" twice.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" url-otpauth@2.0.0 otpauth@9.5.2
NODE_PATH=$folder/node_modules node - <<'JS'
const uri = "otpauth://totp/Big%20Corporation%3A%20alice%40bigco.com?secret=JBSWY3DPEHPK3PXP";
const seen = [require("url-otpauth").parse(uri).account, require("otpauth").URI.parse(uri).label];
console.log(seen);
require("assert").deepStrictEqual(seen, [" alice@bigco.com", " alice@bigco.com"]);
JS
