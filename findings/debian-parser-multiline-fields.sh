#!/usr/bin/env bash
# debian-parser 0.1.2 joins the lines of a multiline field with blanks. Debian Policy section 5.6.13: in a Description the first
# line is the synopsis and a line with a dot an empty line, so neither can be found afterwards.
# Guess: the lines apart, as python-debian 1.0.1 returns them. Seen: "synopsis  text  .  more" in one line.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" debian-parser==0.1.2 python-debian==1.0.1
PYTHONPATH=$folder python3 - <<'PY'
from debian.deb822 import Packages
from debian_parser import PackagesParser

TEXT = "Package: a\nDescription: synopsis\n text\n .\n more\n"
seen = {each["tag"]: each["value"] for each in PackagesParser(TEXT).parse()[0]}
print(seen, repr(Packages(TEXT)["Description"]))
assert seen == {"Package": "a", "Description": "synopsis  text  .  more"}
assert Packages(TEXT)["Description"] == "synopsis\n text\n .\n more"
PY
