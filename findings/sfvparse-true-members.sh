#!/usr/bin/env bash
# sfvparse 0.1.0 refuses a member of a dictionary that has no value. RFC 8941 section 3.2: such a member is true, and its
# parameters may follow. A parameter without a value is read.
# Guess: a is 1, b is True; u=1 and i is True. Seen: "expected '='", twice.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" sfvparse==0.1.0
PYTHONPATH=$folder python3 - <<'PY'
import sfvparse

seen = []
for header in ("a=1, b", "u=1, i;q=2"):
    try:
        seen.append(sfvparse.parse_dict(header))
    except ValueError as error:
        seen.append(str(error))
print(*seen, sfvparse.parse_list("a;b"), sep="\n")
assert seen[0].startswith("expected '=' after dictionary key 'b'") and "dictionary key 'i'" in seen[1]
assert sfvparse.parse_list("a;b")[0]["params"] == {"b": True}
PY
