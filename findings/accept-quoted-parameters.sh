#!/usr/bin/env bash
# Two npm parsers of Accept split a quoted parameter at its comma: accept 3.1.3 and http-accept 0.1.6. http-accept takes the rest
# for a type of its own, which gets the weight, and ignores a weight written Q. RFC 9110 section 5.6.6: a parameter may be quoted,
# and names match in any case. @hapi/accept, the successor of accept, reads it.
# Guess: text/html;level="1,2" with the weight 0.5; 0.4. Seen: text/html with the parameter "1 and the weight 1; 1.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" accept@3.1.3 http-accept@0.1.6
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import accept from "accept";
import middleware from "http-accept";

const header = 'text/html;level="1,2";q=0.5';
const request = { headers: { accept: `${header}, a/b;Q=0.4` } };
middleware(request, {}, () => {});
const seen = request.accept.types.map(({ mediarange, params, quality }) => [mediarange, params.level, quality]);
console.log(accept.mediaTypes(header), seen);
assert.deepStrictEqual(accept.mediaTypes(header), ['text/html;level="1']);
assert.deepStrictEqual(seen, [["text/html", '"1', 1], ["a/b", undefined, 1], ['2"', undefined, 0.5]]);
JS
node "$folder/probe.mjs"
