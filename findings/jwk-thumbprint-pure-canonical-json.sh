#!/usr/bin/env bash
# jwk-thumbprint-pure 0.1.1 has canonical_json() for RFC 8785. It writes numbers as Python does, not as ECMAScript, and orders
# names by code points, not by UTF-16 code units, so that its output and hashes of it differ from everyone else's.
# RFC 8785 section 3.2.2.3 (numbers) and section 3.2.3 (names; U+1F600 comes before U+FB33).
# Guess: 1, 1e-7, 100000000000000000000, U+1F600 first. Seen: 1.0, 1e-07, 1e+20, U+FB33 first.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" jwk-thumbprint-pure==0.1.1
PYTHONPATH=$folder python3 - <<'PY'
import json

from jwk_thumbprint_pure import canonical_json

seen = [canonical_json(number) for number in (1.0, 1e-7, 1e20)]
names = [ascii(name) for name in json.loads(canonical_json({"\U0001f600": 1, "\ufb33": 2}))]
print(seen, names)
assert seen == ["1.0", "1e-07", "1e+20"]
assert names == [r"'\ufb33'", r"'\U0001f600'"]
PY
