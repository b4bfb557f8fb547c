#!/usr/bin/env bash
# dargslan-systemd-unit 1.0.0 (PyPI) scores the hardening of a unit. It gives a directive that is turned off the same half point
# as one that is turned on with "on" or "1", and keeps the last of several settings. systemd.syntax(7): 1, yes, true and on are
# equal; systemd.exec(5): Environment= and others may be given more than once and add up.
# Guess: the score of "on" is that of "yes", "no" scores 0, two settings. Seen: "on" and "no" score the same; one setting.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" dargslan-systemd-unit==1.0.0
PYTHONPATH=$folder TMPDIR=$folder python3 - <<'PY'
import pathlib
import tempfile

import dargslan_systemd_unit as units

file = pathlib.Path(tempfile.mkdtemp(), "a.service")
scores = {}
for value in ("yes", "on", "no"):
    file.write_text(f"[Service]\nEnvironment=A=1\nEnvironment=B=2\nNoNewPrivileges={value}\n")
    unit = units.parse_unit_file(str(file))
    scores[value] = units.analyze_security(unit)["score"]
print(scores, unit)
assert scores["yes"] > scores["on"] == scores["no"] > 0 and unit["Service"]["Environment"] == "B=2"
PY
