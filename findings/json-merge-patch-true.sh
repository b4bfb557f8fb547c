#!/usr/bin/env bash
# json-merge-patch 0.3.0 (PyPI) creates an empty patch for a change from 1 to true or from 0 to false, since these are equal in
# Python. RFC 7396: the patched document must equal the new one, where a number and true are different types.
# Guess: {"a": true}. Seen: {}.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" json-merge-patch==0.3.0
PYTHONPATH=$folder python3 - <<'PY'
import json_merge_patch

seen = [json_merge_patch.create_patch({"a": old}, {"a": new}) for old, new in ((1, True), (0, False), (1, 2))]
print(seen)
assert seen == [{}, {}, {"a": 2}]
PY
