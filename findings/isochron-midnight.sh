#!/usr/bin/env bash
# isochron 0.1.0 reads 24:00 as the first instant of the same day. In ISO 8601 (2004, section 4.2.3; again since
# 8601-1:2019/Amd 1:2022) 24:00 is the end of that day, which is 00:00 of the next.
# Guess: 2026-03-02 00:00 UTC. Seen: 2026-03-01 00:00 UTC, a day early.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" isochron==0.1.0
PYTHONPATH=$folder python3 - <<'PY'
import isochron

seen = isochron.parse_datetime("2026-03-01T24:00:00Z")
print(seen)
assert seen == isochron.parse_datetime("2026-03-01T00:00:00Z")
PY
