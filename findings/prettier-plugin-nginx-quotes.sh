#!/usr/bin/env bash
# prettier-plugin-nginx 1.0.3 (npm, with prettier 3.10.1) formats nginx's configuration. If a quoted string has a #, one escaped
# quotation mark or a line feed, all of which nginx takes, the plugin drops the arguments of the directive, without an error.
# Guess: the arguments are unchanged. Seen: "return" without a code and "set" without a name.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" prettier-plugin-nginx@1.0.3 prettier@3.10.1
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import * as prettier from "prettier";
import * as plugin from "prettier-plugin-nginx";

const lines = [`return 200 "a b";`, `return 200 "a # b";`, `set $x "a \\" b";`, `return 200 "a\nb";`];
const seen = [];
for (const line of lines) {
  const text = await prettier.format(`server {\n  ${line}\n}\n`, { parser: "nginx", plugins: [plugin] });
  seen.push(text.split("\n")[1].trim());
}
console.log(seen);
assert.deepStrictEqual(seen, [`return 200 "a b";`, "return", "set", "return"]);
JS
node "$folder/probe.mjs"
