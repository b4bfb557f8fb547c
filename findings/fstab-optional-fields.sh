#!/usr/bin/env bash
# pyfstab 0.2.0 and chibi-fstab 1.0.0 refuse a line of /etc/fstab with four or five fields. fstab(5): the fifth field and the
# sixth are zero where they are absent.
# Guess: dump 0, pass 0. Seen: InvalidFstabLine, and ValueError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" pyfstab==0.2.0 chibi-fstab==1.0.0
PYTHONPATH=$folder python3 - <<'PY'
from chibi_fstab.snippets import from_string
from pyfstab import Fstab

seen = []
for line in ("tmpfs /tmp tmpfs defaults", "tmpfs /tmp tmpfs defaults 0", "tmpfs /tmp tmpfs defaults 0 0"):
    for read in (lambda text: Fstab().read_string(text), from_string):
        try:
            read(line)
            seen.append("read")
        except Exception as error:
            seen.append(type(error).__name__)
print(seen)
assert seen == ["InvalidFstabLine", "ValueError", "InvalidFstabLine", "ValueError", "read", "read"]
PY
