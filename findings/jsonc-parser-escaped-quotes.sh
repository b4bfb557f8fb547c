#!/usr/bin/env bash
# jsonc-parser 1.1.5 (PyPI) refuses a string with one escaped quotation mark in front of //, since it takes the rest
# for a comment, and a comma after the last element, which the jsonc files of Visual Studio Code and TypeScript may
# have. Two quotation marks, or // alone, are fine.
# Guess: the strings; [1]. Seen: a ParserError for the third and the fifth.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" jsonc-parser==1.1.5
cat >"$folder/probe.py" <<'END'
from jsonc_parser.parser import JsoncParser

for text in ('["http://example.org"]', '["a // b"] // c', '["a\\" // b"]', '["\\"a\\" /* b */"]', "[1,]"):
    try:
        print(text, JsoncParser.parse_str(text))
    except Exception as error:
        print(text, type(error).__name__)
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
["http://example.org"] ['http://example.org']
["a // b"] // c ['a // b']
["a\" // b"] ParserError
["\"a\" /* b */"] ['"a" /* b */']
[1,] ParserError
END
