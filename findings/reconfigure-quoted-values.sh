#!/usr/bin/env bash
# reconfigure 0.1.82, the parsers of Ajenti, reads a file and writes it back. A path with a blank in exports(5), which has to be
# in quotes, and a semicolon in a quoted name of BIND's named.conf come back as two words or lines, without an error.
# Guess: the files are equivalent to what was read. Seen: "/a" and b" as a host, and "a; with b"; in the next line.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" reconfigure==0.1.82
PYTHONPATH=$folder python3 -W ignore - <<'PY'
from reconfigure.parsers import BIND9Parser, ExportsParser


def written(parser, text):
    return " ".join(parser.stringify(parser.parse(text)).split())


seen = [
    written(ExportsParser(), "/srv host(ro)\n"),
    written(ExportsParser(), '"/a b" host(ro)\n'),
    written(BIND9Parser(), 'zone "example.org" {\n  file "a;b";\n};\n'),
]
print(*seen, sep="\n")
assert seen == ['"/srv" host(ro)', '"/a" b" host(ro)', 'zone "example.org" { file "a; b"; };']
PY
