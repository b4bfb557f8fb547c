#!/usr/bin/env bash
# jmespath 1.1.0 (PyPI), in the AWS CLI and boto3, raises a TypeError when a filter compares a string with a number by >,
# where JMESPath's specification has null, finds true in a list of 1, since 1 == True in Python, and reads 1_000, inf and
# nan as numbers.
# https://jmespath.org/specification.html#ordering-operators
# Guess: [2], false, null three times. Seen: TypeError, true, 1000, inf, nan.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" jmespath==1.1.0
cat >"$folder/probe.py" <<'END'
import jmespath

DOCUMENT = {"list": [{"b": 1}, {"b": 2}, {"b": "2"}], "one": [1]}
for expression in (
    "list[?b > `1`].b",
    "one[0] == `true`",
    "contains(one, `true`)",
    "to_number('1_000')",
    "to_number('inf')",
    "to_number('nan')",
):
    try:
        print(expression, jmespath.search(expression, DOCUMENT))
    except TypeError as error:
        print(expression, "TypeError:", error)
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
list[?b > `1`].b TypeError: '>' not supported between instances of 'str' and 'int'
one[0] == `true` False
contains(one, `true`) True
to_number('1_000') 1000
to_number('inf') inf
to_number('nan') nan
END
