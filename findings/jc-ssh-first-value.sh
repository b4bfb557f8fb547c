#!/usr/bin/env bash
# jc 1.26.1 turns files of ssh_config(5) and sshd_config(5) into JSON. Both programs use the first value of a keyword; jc
# returns the last. A comment at the end of a line, which both take since OpenSSH 8.5, becomes a part of the value.
# Guess: 3 and x; yes. Seen: 6 and y; "yes # note".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" jc==1.26.1
PYTHONPATH=$folder python3 - <<'PY'
import jc

server = jc.parse("sshd_conf", "MaxAuthTries 3\nMaxAuthTries 6\nUsePAM yes # note\n")
client = jc.parse("ssh_conf", "Host a\n  User x\n  User y\n")
print(server, client)
assert server == {"maxauthtries": 6, "usepam": "yes # note"} and client[0]["user"] == "y"
PY
