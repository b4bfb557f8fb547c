#!/usr/bin/env bash
# pycef 1.11 reads ArcSight's Common Event Format. It fails with an IndexError at a header with an escaped pipe or an equals sign,
# moves fields if a header has an escaped backslash, and returns values with their escapes. ArcSight's CEF implementation
# standard: in the header only pipe and backslash are escaped, in the extension the equals sign and the backslash.
# Guess: vendor "V|W", id "a=b", id "a\b" with the name n; message "a=b". Seen: IndexError twice; an empty name; "a\=b".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" pycef==1.11
PYTHONPATH=$folder python3 - <<'PY'
import pycef

seen = []
for header in (r"V\|W|P|1|id|n|5", "V|P|1|a=b|n|5", r"V|P|1|id|a\\b|5", "V|P|1|id|n|5"):
    try:
        event = pycef.parse(rf"CEF:0|{header}|src=192.0.2.1 msg=a\=b")
        seen.append((event["Name"], event["msg"]))
    except IndexError as error:
        seen.append(str(error))
print(seen)
assert seen == ["list index out of range", "list index out of range", ("", r"a\=b"), ("n", r"a\=b")]
PY
