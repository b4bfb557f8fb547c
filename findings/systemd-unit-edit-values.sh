#!/usr/bin/env bash
# systemd-unit-edit 0.1.0 refuses time spans with the units m, M, month and y, fractions and infinity, and a unit file with a
# comment between continued lines. systemd.time(7) lists the units; systemd-analyze timespan reads 1.5h and infinity;
# systemd.syntax(7): a continued line ends at the next line that is not a comment.
# Guess: six time spans; the command /bin/a b. Seen: ValueError for each; min, h and w are read.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" systemd-unit-edit==0.1.0
PYTHONPATH=$folder python3 - <<'PY'
import tempfile

import systemd_unit_edit as units

REFUSED = ("5m", "1M", "1month", "1y", "1.5h", "infinity")
seen = {}
for text in (*REFUSED, "5min", "2h", "1w"):
    try:
        seen[text] = units.parse_timespan(text)
    except ValueError as error:
        seen[text] = type(error).__name__
with tempfile.NamedTemporaryFile("w", suffix=".service") as file:
    file.write("[Service]\nExecStart=/bin/a \\\n# note\n  b\n")
    file.flush()
    try:
        command = units.SystemdUnit.from_file(file.name).get_section("Service").get("ExecStart")
    except ValueError as error:
        command = type(error).__name__
print(seen, command)
assert seen == {**dict.fromkeys(REFUSED, "ValueError"), "5min": 300, "2h": 7200, "1w": 604800} and command == "ValueError"
PY
