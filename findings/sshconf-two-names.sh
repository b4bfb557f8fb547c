#!/usr/bin/env bash
# sshconf 0.2.7 reads and edits ssh_config. A Host line with two names is one host named "a b" to it: host("a") is empty, and
# set() and remove() of a do not find it, though ssh applies the lines to both (ssh_config(5)).
# Guess: the user of a is x. Seen: {} for a, x for "a b", and "Host a: not found".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" sshconf==0.2.7
printf 'Host a b\n  User x\n' >"$folder/config"
PYTHONPATH=$folder python3 - "$folder/config" <<'PY'
import sys

import sshconf

config = sshconf.read_ssh_config(sys.argv[1])
seen = [config.hosts(), config.host("a"), config.host("a b")]
try:
    config.set("a", User="y")
except ValueError as error:
    seen.append(str(error))
print(seen)
assert seen == [("a b",), {}, {"user": "x"}, "Host a: not found"]
PY
