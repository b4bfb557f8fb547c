#!/usr/bin/env bash
# editorconfig 0.17.1 (PyPI) does not match 0 for {0..3} or {-1..1}, though it matches 1 and -1, and refuses a file
# with a # or a semicolon in the name of a section. The specification: any integer between the two; comments are
# lines that begin with # or a semicolon. editorconfig 3.0.2 (npm) reads all of these. https://spec.editorconfig.org
# Guess: v in each line. Seen: None for 0; ParsingError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" editorconfig==0.17.1
cat >"$folder/probe.py" <<'END'
import tempfile
from pathlib import Path

import editorconfig

for section, path in (("{-1..1}", "-1"), ("{-1..1}", "0"), ("{0..3}", "0"), ("{0..3}", "1"), ("a#b", "a#b"), ("a;b", "a;b")):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".editorconfig").write_text(f"root = true\n[{section}]\nk = v\n")
        try:
            print(section, path, editorconfig.get_properties(str(Path(folder, path))).get("k"))
        except Exception as error:
            print(section, path, type(error).__name__)
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{-1..1} -1 v
{-1..1} 0 None
{0..3} 0 None
{0..3} 1 v
a#b a#b ParsingError
a;b a;b ParsingError
END
