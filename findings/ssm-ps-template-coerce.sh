#!/usr/bin/env bash
# ssm-ps-template 2.6.0 renders templates with values of Parameter Store. Its filter coerce_types takes every string of digits
# for a number and so drops the zeros in front: an account id loses digits. A negative number and a fraction stay strings, and
# the word null becomes None.
# https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html (Id: exactly 12 digits)
# Guess: "012345678901", -5, 1.5. Seen: 12345678901, "-5", "1.5".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" ssm-ps-template==2.6.0 setuptools==80.9.0
PYTHONPATH=$folder python3 -W ignore - <<'PY'
from ssm_ps_template import render

seen = render.coerce({"account": "012345678901", "offset": "-5", "ratio": "1.5", "port": "443", "name": "null"})
print(seen)
assert seen == {"account": 12345678901, "offset": "-5", "ratio": "1.5", "port": 443, "name": None}
PY
