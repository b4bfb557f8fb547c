#!/usr/bin/env bash
# cs.app.ssh 20161003 parses ssh_config. It ignores the options in front of the first Host, fails with a NameError at "Port=22",
# does not know that "!" excludes a host, and takes Match for an option. ssh_config(5): options apply up to the next Host or
# Match, so those at the top apply to all; "=" may separate name and value; a negated pattern excludes.
# Guess: user ann; port 22; no options for b.example.com. Seen: nothing; NameError; port 2.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" cs.app.ssh==20161003
PYTHONPATH=$folder TMPDIR=$folder python3 - <<'PY'
import logging
import pathlib
import tempfile

from cs.app.ssh import update_from_file

logging.disable(logging.CRITICAL)
file = pathlib.Path(tempfile.mkdtemp(), "config")
seen = []
for text in ("User ann\nHost x\n", "Host *\n  Port=22\n", "Host !b.example.com *.example.com\n  Port 2\n"):
    options = {}
    file.write_text(text)
    try:
        update_from_file(options, str(file), "b.example.com")
        seen.append(options)
    except NameError as error:
        seen.append(str(error).rpartition(": ")[2])
print(seen)
assert seen == [{}, "name 'aptarg' is not defined", {"port": "2"}]
PY
