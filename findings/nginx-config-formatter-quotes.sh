#!/usr/bin/env bash
# nginx-config-formatter 1.4.5 (npm) formats nginx's configuration. In a block of one line it cuts the text at a # in quotes,
# with the closing bracket. In single quotes it takes { for a block and writes a placeholder of its own into the configuration.
# nginx reads a quoted string as it stands.
# Guess: the strings are unchanged. Seen: return 200 'a without an end, and "placeholder03434" in place of "a".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" nginx-config-formatter@1.4.5
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import * as loaded from "nginx-config-formatter";

const format = loaded.formatContent || loaded.default.formatContent;
const seen = ["server { return 200 'a b'; }", "server { return 200 'a # b'; }", `server {\n  return 200 '{"a": 1}';\n}`].map(
  (text) => format(`${text}\n`),
);
seen.forEach((text) => console.log(text));
assert.deepStrictEqual(seen.slice(0, 2), ["server {\n    return 200 'a b';\n}\n", "server {\n    return 200 'a\n"]);
assert(seen[2].includes("placeholder03434") && !seen[2].includes('"a"'));
JS
node "$folder/probe.mjs"
