#!/usr/bin/env bash
# rfc2231 1.3.0 (npm) puts an extended value in quotation marks if the text has one, and escapes with a backslash inside. RFC 2231
# section 7: an extended value is no quoted string; each special character is percent-encoded. Python's email parser reports it.
# Guess: filename*=iso-8859-1''%FC%22. Seen: filename*="iso-8859-1''%FC\"".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" rfc2231@1.3.0
NODE_PATH=$folder/node_modules node - <<'JS'
const { encodeAndFoldParameters } = require("rfc2231");
const seen = ['\u00fc"', "\u00fc"].map((filename) => encodeAndFoldParameters({ filename })["filename*"]);
console.log(seen);
require("assert").deepStrictEqual(seen, [`"iso-8859-1''%FC\\""`, "iso-8859-1''%FC"]);
JS
