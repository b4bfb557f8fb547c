#!/usr/bin/env bash
# httplink 0.2.0 takes the last of two rel parameters of a link, and refuses title* without a language. RFC 8288 section 3.3:
# parsers ignore rel after its first occurrence; RFC 8187 section 3.2.1: the language may be empty.
# Guess: relation next; title "€". Seen: relation prev; "Bad extended value".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" httplink==0.2.0
PYTHONPATH=$folder python3 - <<'PY'
import httplink

relation = httplink.parse_link_header("<a>; rel=next; rel=prev").links[0].rel
try:
    title = httplink.parse_link_header("<a>; rel=next; title*=UTF-8''%e2%82%ac").links[0].attributes
except ValueError as error:
    title = str(error)
print(relation, title)
assert relation == {"prev"} and title.startswith("Bad extended value")
PY
