#!/usr/bin/env bash
# hyperjson5 0.1.0 (PyPI) reads 0x10 and NaN, and refuses -0x10, +NaN, integers over 2^63 and U+2028 in
# a string, all of which are JSON5 and all of which json5 0.17.3 reads. JSON5 1.0.0 sections 5.2 and 6: a sign may
# precede each number. https://spec.json5.org
# Guess: -16, nan, the integer, a string. Seen: four ValueErrors.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" hyperjson5==0.1.0 json5==0.17.3
cat >"$folder/probe.py" <<'END'
import hyperjson5
import json5

for text in ("0x10", "-0x10", "NaN", "+NaN", "12345678901234567890", '"a\u2028b"'):
    try:
        seen = hyperjson5.loads(text)
    except ValueError as error:
        seen = type(error).__name__
    print(ascii(text), ascii(json5.loads(text)), ascii(seen))
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
'0x10' 16 16
'-0x10' -16 'ValueError'
'NaN' nan nan
'+NaN' nan 'ValueError'
'12345678901234567890' 12345678901234567890 'ValueError'
'"a\u2028b"' 'a\u2028b' 'ValueError'
END
