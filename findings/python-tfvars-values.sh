#!/usr/bin/env bash
# python-tfvars 0.1.0 reads Terraform's .tfvars files. In a map it returns each key as its own value; a string ends at an
# equals sign, loses apostrophes, and gets the comment behind it.
# https://developer.hashicorp.com/terraform/language/syntax/configuration (comments; arguments and their values)
# Guess: {"Env": "prod"}, "a=b", "it's", "x". Seen: [{"Env": "Env"}], "a", "its", "x # trailing".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" python-tfvars==0.1.0 setuptools==80.9.0
cat >"$folder/example.tfvars" <<'TF'
query = "a=b"
title = "it's"
zone  = "x" # trailing
tags = {
  Env = "prod"
}
TF
PYTHONPATH=$folder python3 -W ignore - "$folder/example.tfvars" <<'PY'
import sys

from tfvars import LoadSecrets

seen = dict(LoadSecrets(sys.argv[1]).items())
print(seen)
assert seen == {"tags": [{"Env": "Env"}], "query": "a", "title": "its", "zone": "x # trailing"}
PY
