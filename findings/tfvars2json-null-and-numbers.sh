#!/usr/bin/env bash
# tfvars2json 0.0.1 converts .tfvars to JSON and back. null becomes the string "null" in JSON and "None" on the way back,
# numbers become strings, and quotation marks are not escaped, so what it writes need not be a .tfvars file.
# https://developer.hashicorp.com/terraform/language/expressions/types (null, numbers, strings and their escapes)
# Guess: null and 3 in both directions, "say \"hi\"". Seen: "null"; "None", "3" and "say "hi"".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" tfvars2json==0.0.1 pyhcl==0.4.5
PYTHONPATH=$folder python3 - <<'PY'
import json

from tfvars2json import tfvars2json

read = json.loads(tfvars2json.to_json("size = 3\nrole = null\n", indent=None))
text = tfvars2json.to_tfvars({"size": 3, "role": None, "title": 'say "hi"'}, indent=2)
written = [line for line in text.splitlines() if line]
print(read, *written, sep="\n")
assert read == {"size": 3, "role": "null"}
assert written == ['size = "3"', 'role = "None"', 'title = "say "hi""']
PY
