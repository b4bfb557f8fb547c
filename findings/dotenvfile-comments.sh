#!/usr/bin/env bash
# dotenvfile 0.1.0 (PyPI) reads .env files. It fails at a comment and at an empty value, keeps the quotes of a value, and takes
# "export A" and "A " for names. python-dotenv 1.2.1 documents the format: comments, quotes, blanks around "=" and export.
# Guess: A is "x y" or 1. Seen: ValueError twice; the quotes; other names.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" dotenvfile==0.1.0 python-dotenv==1.2.1
PYTHONPATH=$folder python3 - <<'PY'
import io

import dotenv
import dotenvfile

seen, right = [], []
for text in ("# note\nA=1\n", "A=\n", 'A="x y"\n', "export A=1\n", "A = 1\n"):
    right.append(dict(dotenv.dotenv_values(stream=io.StringIO(text))))
    try:
        seen.append(dotenvfile.loads(text))
    except ValueError as error:
        seen.append(type(error).__name__)
print(right, seen)
assert right == [{"A": "1"}, {"A": ""}, {"A": "x y"}, {"A": "1"}, {"A": "1"}]
assert seen == ["ValueError", "ValueError", {"A": '"x y"'}, {"export A": "1"}, {"A ": " 1"}]
PY
