#!/usr/bin/env bash
# @webantic/nginx-config-parser 1.6.1 (npm) reads nginx's configuration line by line. Of several directives in one line, which
# nginx splits at semicolons only, it makes one directive with the others in its value, without an error.
# https://nginx.org/en/docs/beginners_guide.html#conf_structure
# Guess: deny "all" and return "204", as for two lines. Seen: deny "all; return 204".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @webantic/nginx-config-parser@1.6.1
NODE_PATH=$folder/node_modules node - <<'JS'
const Parser = require("@webantic/nginx-config-parser");
const seen = ["location / {\n  deny all;\n  return 204;\n}\n", "location / { deny all; return 204; }\n"].map((text) =>
  new Parser().toJSON(text),
);
console.log(JSON.stringify(seen));
require("assert").deepStrictEqual(seen, [
  { "location /": { deny: "all", return: "204" } },
  { "location /": { deny: "all; return 204" } },
]);
JS
