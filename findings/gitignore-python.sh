#!/usr/bin/env bash
# gitignore-parser 0.1.13 and gitignorefile 1.1.2 (PyPI) ignore neither a file of a pattern that a blank follows, nor the file
# *.c of \*.c, nor 5x of [[:digit:]]x; foo* of gitignore-parser does not reach foo/x. gitignore(5): blanks at the end count
# only after a backslash, which also makes a star literal; fnmatch(3) knows the class; a pattern that matches a folder covers
# what is in it. git check-ignore ignores all four. https://git-scm.com/docs/gitignore
# Guess: True in every line. Seen: one True.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" gitignore-parser==0.1.13 gitignorefile==1.1.2
cat >"$folder/probe.py" <<'END'
import tempfile
from pathlib import Path

import gitignore_parser
import gitignorefile

for pattern, path in (("a ", "a"), ("\\*.c", "*.c"), ("[[:digit:]]x", "5x"), ("foo*", "foo/x")):
    with tempfile.TemporaryDirectory() as tree:
        rules, file = Path(tree, ".gitignore"), Path(tree, path)
        file.parent.mkdir(exist_ok=True)
        file.touch()
        rules.write_text(pattern + "\n")
        print(f"[{pattern}]", path, gitignore_parser.parse_gitignore(rules)(file), gitignorefile.parse(str(rules))(str(file)))
END
seen=$(PYTHONPATH=$folder python3 -W ignore "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
[a ] a False False
[\*.c] *.c False False
[[[:digit:]]x] 5x False False
[foo*] foo/x False True
END
