#!/usr/bin/env bash
# distinguishedname 1.0.2 (PyPI) and rfc2253 0.2.0 (npm) read each octet of an escaped UTF-8 character of an X.509 name as a
# character. The first also drops an escaped blank and an escaped "#"; the second drops a value that has a "#" inside. RFC 4514
# section 4 has the name CN=Lu\C4\8Di\C4\87; section 3 the escapes, and "#" in stringchar.
# Guess: Lučić; "a ", "#a"; a#b. Seen: seven characters from both; "a", "a"; nothing.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" distinguishedname==1.0.2
npm install --silent --no-fund --no-audit --prefix "$folder" rfc2253@0.2.0
PYTHONPATH=$folder python3 - <<'PY'
from distinguishedname import string_to_dn

seen = [string_to_dn(name)[0][0] for name in ("CN=Lu\\C4\\8Di\\C4\\87", "CN=a\\ ", "CN=\\#a")]
print(ascii(seen))
assert seen == ["CN=Lu\u00c4\u008di\u00c4\u0087", "CN=a", "CN=a"]
PY
NODE_PATH=$folder/node_modules node - <<'JS'
const { parse } = require("rfc2253");
const seen = ["CN=Lu\\C4\\8Di\\C4\\87", "CN=a#b"].map((name) => String(parse(name)));
console.log(seen.map(escape));
require("assert").deepStrictEqual(seen, ["CN=Lu\u00c4\u008di\u00c4\u0087", ""]);
JS
