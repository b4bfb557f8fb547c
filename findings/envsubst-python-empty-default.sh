#!/usr/bin/env bash
# envsubst 0.1.5 (PyPI) leaves ${U:-} as it is, and does not replace a variable in braces inside a default, though it replaces
# one without braces. It removes $5 of a text. sh expands all of these, and GNU envsubst leaves $5 alone.
# https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_06_02
# Guess: an empty string, x, x. Seen: ${U:-}, ${A}, x.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" envsubst==0.1.5
cat >"$folder/probe.py" <<'END'
from envsubst import envsubst

for text in ("${U:-d}", "${U:-}", "${U:-$A}", "${U:-${A}}", "costs $5"):
    print(f"{text} [{envsubst(text)}]")
END
seen=$(env -u U A=x PYTHONPATH="$folder" python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
${U:-d} [d]
${U:-} [${U:-}]
${U:-$A} [x]
${U:-${A}} [${A}]
costs $5 [costs ]
END
