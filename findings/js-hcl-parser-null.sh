#!/usr/bin/env bash
# js-hcl-parser 1.0.1 (npm) converts between JSON and HCL. It writes null as an argument without a value, which its own parser
# drops without an error, and every name in quotation marks, where the name of an argument in Terraform is an identifier.
# https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md (attribute definitions; null is a literal value)
# Guess: size = 3, role = null, and the same object back. Seen: "size" = 3, "role" = with nothing behind it, and no role back.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" js-hcl-parser@1.0.1
cat >"$folder/convert.cjs" <<'JS'
const assert = require("node:assert");
const hcl = require("js-hcl-parser");

const written = hcl.stringify(JSON.stringify({ size: 3, role: null }));
const back = JSON.parse(hcl.parse(written));
console.log(written, "\n--", back);
assert.strictEqual(written.replace(/\s+/g, " ").trim(), '"size" = 3 "role" =');
assert.deepStrictEqual(back, { size: 3 });
JS
node "$folder/convert.cjs"
