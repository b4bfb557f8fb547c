#!/usr/bin/env bash
# Two PyPI packages read Accept fields. accept 0.1.0 gives a media type with the weight 0 the weight 1, and fails at a comma in a
# quoted parameter. parse-accept-language 0.1.2 drops each language after a comma and a blank that has a weight, and es-419.
# RFC 9110 section 12.4.2: 0 means "not acceptable"; section 5.6.1: blanks may follow the comma; RFC 5646: a region may be digits.
# Guess: weight 0; one type; da and en; es-419. Seen: 1.0; IndexError; da only; nothing.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" accept==0.1.0 parse-accept-language==0.1.2
PYTHONPATH=$folder python3 - <<'PY'
import accept
from accept_language import parse_accept_language

zero = accept.parse("text/plain;q=0")[0].quality
try:
    types = [media.media_type for media in accept.parse('text/html;level="1,2"')]
except IndexError as error:
    types = type(error).__name__
seen = [[lang.language for lang in parse_accept_language(text)] for text in ("da,en;q=0.8", "da, en;q=0.8", "es-419")]
print(zero, types, seen)
assert zero == 1.0 and types == "IndexError" and seen == [["da", "en"], ["da"], []]
PY
