#!/usr/bin/env bash
# Three npm packages read the default entry of a .netrc as fields of the machine before it: netrc 0.1.4,
# @travi/netrc 1.0.0 and node-netrc 0.1.0. The format has a default entry:
# https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html
# Guess: the machine has a login and a password. Seen: also a field "default" with the value "login".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" netrc@0.1.4 @travi/netrc@1.0.0 node-netrc@0.1.0
NODE_PATH=$folder/node_modules node - <<'JS'
const assert = require("assert");
const fs = require("fs");
const path = require("path");
const TEXT = "machine a.example\n  login u\n  password p\n\ndefault login anonymous password guest\n";
process.env.HOME = process.env.NODE_PATH;
fs.writeFileSync(path.join(process.env.HOME, ".netrc"), TEXT, { mode: 0o600 });
const seen = [
  require("netrc").parse(TEXT)["a.example"],
  require("@travi/netrc").parse(TEXT)["a.example"],
  require("node-netrc")("a.example"),
];
console.log(seen);
for (const entry of seen) {
  assert.deepStrictEqual([entry.login, entry.password, entry.default, entry.anonymous], ["u", "p", "login", "password"]);
}
JS
