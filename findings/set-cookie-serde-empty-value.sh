#!/usr/bin/env bash
# set-cookie-serde 1.0.0 (npm) refuses a Set-Cookie field with an empty value, which servers send to remove a cookie. RFC 6265
# section 4.1.1: a value is any number of octets, none included; section 5.2: a user agent keeps an empty value.
# Guess: the empty value and Max-Age 0. Seen: "Invalid value".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" set-cookie-serde@1.0.0
NODE_PATH=$folder/node_modules node - <<'JS'
const SetCookie = require("set-cookie-serde");
console.log(new SetCookie("a=b; Max-Age=0; Path=/").meta.maxAge);
require("assert").throws(() => new SetCookie("a=; Max-Age=0; Path=/"), /Invalid value/);
JS
