#!/usr/bin/env bash
# python-hosts 1.1.3 drops a line whose address has a zone (fe80::1%lo0, RFC 4007 section 11), which macOS had in its hosts
# file, and writes the file without it. It keeps a line that is a comment.
# Guess: the file is written as it was read. Seen: the line is gone, without an error.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" python-hosts==1.1.3
printf '127.0.0.1\tlocalhost\nfe80::1%%lo0\tlocalhost\n# end\n' >"$folder/hosts"
PYTHONPATH=$folder python3 - "$folder/hosts" <<'PY'
import pathlib
import sys

from python_hosts import Hosts

Hosts(path=sys.argv[1]).write()
seen = pathlib.Path(sys.argv[1]).read_text().split("\n")
print(seen)
assert [line for line in seen if line] == ["127.0.0.1\tlocalhost", "# end"]
PY
