#!/usr/bin/env bash
# pgpasslib 1.1.0 (PyPI) reads PostgreSQL's password file. It fails at a password with an escaped colon, because it takes the entry
# apart there, and keeps both backslashes of an escaped one. PostgreSQL's manual, "The Password File": a colon or backslash in an
# entry is escaped with a backslash. pgpass 1.0.6 (npm) reads both.
# Guess: a:c and a\b. Seen: InvalidEntry and a\\b.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" pgpasslib==1.1.0
PYTHONPATH=$folder TMPDIR=$folder python3 - <<'PY'
import os
import pathlib
import tempfile

import pgpasslib

file = pathlib.Path(tempfile.mkdtemp(), "pgpass")
os.environ["PGPASSFILE"] = str(file)
seen = []
for password in (r"a\:c", r"a\\b", "plain"):
    file.write_text(f"db.example.com:5432:main:ann:{password}\n")
    file.chmod(0o600)
    try:
        seen.append(pgpasslib.getpass("db.example.com", 5432, "main", "ann"))
    except pgpasslib.InvalidEntry as error:
        seen.append(type(error).__name__)
print(seen)
assert seen == ["InvalidEntry", r"a\\b", "plain"]
PY
