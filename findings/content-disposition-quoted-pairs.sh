#!/usr/bin/env bash
# @lazy-http/content-disposition 1.0.2 (npm) keeps the quotation marks and backslashes of a file name with an escaped
# quotation mark, and refuses INLINE. RFC 9110 section 5.6.4: a backslash stands for the octet after it; RFC 6266 section 4.2:
# types match in any case.
# Guess: q"z.txt, and inline. Seen: "q\"z.txt" as in the header, and an error.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @lazy-http/content-disposition@1.0.2
NODE_PATH=$folder/node_modules node - <<'JS'
const { parse } = require("@lazy-http/content-disposition");
const seen = [parse('attachment; filename="a;b.txt"').value, parse('attachment; filename="q\\"z.txt"').value];
try {
  seen.push(parse("INLINE").type);
} catch (error) {
  seen.push(error.message);
}
console.log(seen);
require("assert").deepStrictEqual(seen, ["a;b.txt", '"q\\"z.txt"', "Invalid content-disposition header format"]);
JS
