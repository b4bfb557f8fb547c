#!/usr/bin/env bash
# py-spdx-license 0.0.1 (PyPI) refuses "Apache-2.0+", and spdx-expression-parse 5.0.0 (npm) refuses "mit". SPDX specification 2.3,
# annex D: a license identifier may be followed by "+" (D.1), and identifiers match in any case (D.2).
# Guess: both are read. Seen: ParseError; "Unexpected `m` at offset 0".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" py-spdx-license==0.0.1
PYTHONPATH=$folder python3 - <<'PY'
import py_spdx_license

try:
    seen = py_spdx_license.parse("Apache-2.0+")
except py_spdx_license.ParseError as error:
    seen = str(error)
print(seen, py_spdx_license.parse("mit"))
assert seen == "Unexpected '+'"
PY
npm install --silent --no-fund --no-audit --prefix "$folder" spdx-expression-parse@5.0.0
NODE_PATH=$folder/node_modules node - <<'JS'
const parse = require("spdx-expression-parse");
console.log(parse("Apache-2.0+"));
require("assert").throws(() => parse("mit"), /Unexpected `m` at offset 0/);
JS
