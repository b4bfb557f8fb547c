#!/usr/bin/env bash
# pysudoers 3.0.0 reads sudoers(5). If the user to run as has a hyphen, such as www-data, it returns root instead and takes the
# user for a part of the tag. A comment at the end of a rule becomes a part of the command.
# Guess: www-data with NOPASSWD, and /bin/ls. Seen: root with "(www-data) NOPASSWD", and "/bin/ls # note".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" pysudoers==3.0.0
cat >"$folder/sudoers" <<'END'
ann ALL=(backup) NOPASSWD: /bin/ls
bob ALL=(www-data) NOPASSWD: /bin/ls
eve ALL=(backup) /bin/ls # note
END
PYTHONPATH=$folder python3 - "$folder/sudoers" <<'PY'
import sys

from pysudoers import Sudoers

seen = [rule["commands"] for rule in Sudoers(path=sys.argv[1]).rules]
print(*seen, sep="\n")
assert seen == [
    [{"run_as": ["backup"], "tags": ["NOPASSWD"], "command": "/bin/ls"}],
    [{"run_as": ["root"], "tags": ["(www-data) NOPASSWD"], "command": "/bin/ls"}],
    [{"run_as": ["backup"], "tags": None, "command": "/bin/ls # note"}],
]
PY
