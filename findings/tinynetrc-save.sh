#!/usr/bin/env bash
# tinynetrc 1.3.1 saves the default entry of a .netrc as a machine with the name "default", and a password with a blank
# without its quotation marks, so the file can no longer be read. The formatter is that of Python's netrc.
# https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html
# Guess: the same entries. Seen: "machine default", "password p q", and NetrcParseError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" tinynetrc==1.3.1
PYTHONPATH=$folder python3 - <<'PY'
import netrc
import tempfile

import tinynetrc

with tempfile.NamedTemporaryFile("w+") as file:
    file.write('machine a.example\n\tlogin u\n\tpassword "p q"\ndefault\n\tlogin anonymous\n\tpassword guest\n')
    file.flush()
    entries = tinynetrc.Netrc(file.name)
    entries["b.example"] = {"login": "l", "password": "p"}
    entries.save()
    with open(file.name) as saved:
        text = saved.read()
    try:
        again = str(netrc.netrc(file.name).hosts)
    except netrc.NetrcParseError as error:
        again = type(error).__name__
print(text, again)
assert "machine default\n" in text and "password p q\n" in text and again == "NetrcParseError"
PY
