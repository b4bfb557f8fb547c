#!/usr/bin/env bash
# pytfvars 1.0.3 writes a dict as Terraform's .tfvars. Strings in a list lose their quotation marks, so Terraform would read
# them as references, which a .tfvars file cannot have; numbers and None are left out, and a quotation mark is not escaped.
# https://developer.hashicorp.com/terraform/language/values/variables (variable definitions files)
# Guess: azs = ["a", "b"], size = 3, title = "say \"hi\"". Seen: azs = [ a, b ], no size, title = "say "hi"".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" pytfvars==1.0.3
PYTHONPATH=$folder python3 - <<'PY'
from pytfvars import tfvars

written = tfvars.convert({"azs": ["a", "b"], "ports": [22, 443], "size": 3, "none": None, "title": 'say "hi"', "name": "x"})
seen = [" ".join(line.split()) for line in written.splitlines()]
print(*seen, sep="\n")
assert seen == ["azs = [ a, b]", "ports = []", 'title = "say "hi""', 'name = "x"']
PY
