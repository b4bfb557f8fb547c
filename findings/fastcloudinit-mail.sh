#!/usr/bin/env bash
# fastcloudinit 0.0.5 writes cloud-config. apt(email=...) writes the mail address of unattended-upgrades as the literal text
# {email}, and cloud_init_config(email=...) writes none at all.
# The README of unattended-upgrades: Unattended-Upgrade::Mail is the address that gets the reports.
# Guess: Unattended-Upgrade::Mail "a@example.com"; in both. Seen: "{email}" in the first, nothing in the second.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" fastcloudinit==0.0.5 fastcore==1.8.11 \
  jsonschema==4.25.1 httpx==0.28.1 pyyaml==6.0.3
PYTHONPATH=$folder python3 - <<'PY'
from fastcloudinit import core

core.cc_validate = lambda config: None  # it downloads a schema
settings = core.apt(unattended=True, email="a@example.com")["apt"]["conf"].splitlines()
text = core.cloud_init_config("host", "admin", ["ssh-ed25519 AAAA"], email="a@example.com")
seen = [[line for line in settings if "Mail" in line], "Mail" in text, "a@example.com" in text]
print(*seen, sep="\n")
assert seen == [['Unattended-Upgrade::Mail "{email}";'], False, False]
PY
