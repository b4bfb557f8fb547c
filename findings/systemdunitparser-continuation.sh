#!/usr/bin/env bash
# SystemdUnitParser 0.4 does not join lines that end in a backslash, which systemd.syntax(7) does: the value keeps backslash
# and newline if the next line is indented, a next line at the margin is a ParsingError, and so is a comment in between,
# which systemd skips.
# Guess: "/bin/a --b". Seen: "/bin/a \\\n--b", and ParsingError twice.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" systemdunitparser==0.4
PYTHONPATH=$folder python3 - <<'PY'
import configparser

import SystemdUnitParser


def command(lines):
    parser = SystemdUnitParser.SystemdUnitParser()
    try:
        parser.read_string("[Service]\n" + lines)
    except configparser.ParsingError as error:
        return type(error).__name__
    return parser["Service"]["ExecStart"]


seen = [
    command("ExecStart=/bin/a \\\n  --b\n"),
    command("ExecStart=/bin/a \\\n--b\n"),
    command("ExecStart=/bin/a \\\n  --b \\\n# why c\n  --c\n"),
]
print(*map(repr, seen), sep="\n")
assert seen == ["/bin/a \\\n--b", "ParsingError", "ParsingError"]
PY
