#!/usr/bin/env bash
# github-codeowners 0.1.0 (PyPI) cuts a pattern of a CODEOWNERS file at a blank with a backslash and drops the rest without
# an error, so that the rule is for another file; the comment of a blank line is a method. codeowners 0.9.0 reads the same
# line right.
# Guess: the pattern "/a\ b". Seen: "/a\".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" github-codeowners==0.1.0 codeowners==0.9.0
PYTHONPATH=$folder python3 - <<'PY'
from codeowners import CodeOwners
from github_codeowners import parse_codeowners

LINE = "/a\\ b @owner\n"
(rule,) = parse_codeowners(LINE).get_rules()
print(rule.pattern, [str(owner) for owner in rule.owners], CodeOwners(LINE).of("a b"))
assert rule.pattern == "/a\\"
assert [str(owner) for owner in rule.owners] == ["@owner"]
assert callable(parse_codeowners("\n").entries[0].comment)
assert CodeOwners(LINE).of("a b") == [("USERNAME", "@owner")]
PY
