#!/usr/bin/env bash
# Three PyPI packages refuse an example of RFC 3339 itself, a leap second (section 5.8), and lower-case "t" and "z" (section
# 5.6: they may be written so): rfc3339-validator 0.1.4, which jsonschema uses for date-time, strict-rfc3339 0.7 and utcdatetime
# 0.0.7.
# Guess: both are valid. Seen: False, False and ValueError for each.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" rfc3339-validator==0.1.4 strict-rfc3339==0.7 utcdatetime==0.0.7
PYTHONPATH=$folder python3 - <<'PY'
import rfc3339_validator
import strict_rfc3339
from utcdatetime import utcdatetime

for text in ("1990-12-31T15:59:60-08:00", "2026-11-28t10:00:00z"):
    seen = [rfc3339_validator.validate_rfc3339(text), strict_rfc3339.validate_rfc3339(text)]
    try:
        utcdatetime.from_string(text)
    except ValueError as error:
        seen.append(type(error).__name__)
    print(text, seen)
    assert seen == [False, False, "ValueError"]
assert rfc3339_validator.validate_rfc3339("1990-12-31T15:59:59-08:00")
PY
