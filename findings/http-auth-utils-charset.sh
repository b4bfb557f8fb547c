#!/usr/bin/env bash
# http-auth-utils 6.0.1 (npm) refuses a Basic challenge with the parameter charset, and keeps the backslashes of a realm. RFC
# 7617 section 2.1: charset="UTF-8" says how to encode user and password; RFC 9110 section 5.6.4: a backslash in a quoted string
# is dropped.
# Guess: the charset; x"y. Seen: E_UNAUTHORIZED_KEY; x\"y.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" http-auth-utils@6.0.1
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import { parseWWWAuthenticateHeader } from "http-auth-utils";

const { realm } = parseWWWAuthenticateHeader('Basic realm="x\\"y"').data;
console.log(realm);
assert.equal(realm, 'x\\"y');
assert.throws(() => parseWWWAuthenticateHeader('Basic realm="x", charset="UTF-8"'), /E_UNAUTHORIZED_KEY/);
JS
node "$folder/probe.mjs"
