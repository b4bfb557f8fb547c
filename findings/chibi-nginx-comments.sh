#!/usr/bin/env bash
# chibi-nginx 1.0.0 takes an indented comment for a directive, or for a block if it has a brace, so that all directives after it
# move into that block. A block in one line takes the directives that follow. nginx's Beginner's Guide: everything after # is a
# comment, and a directive ends at its semicolon, not at the end of the line.
# Guess: listen and root in server; listen in server, user outside. Seen: root below "# location / "; user in server.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" chibi-nginx==1.0.0
PYTHONPATH=$folder python3 - <<'PY'
from chibi_nginx.nginx import parse

comment = parse("server {\n  listen 80;\n  # location / {\n  root /srv;\n}\n")
line = parse("server { listen 80; }\nuser nobody;\n")
print(comment, line)
assert list(comment["server"]) == ["listen", "# location /"] and "root" in comment["server"]["# location /"]
assert list(line) == ["server { listen 80;"] and list(line["server { listen 80;"]) == ["user"]
PY
