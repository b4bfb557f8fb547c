#!/usr/bin/env bash
# event-ruler 0.3.0 (PyPI) tests patterns of EventBridge in Python. It is made of another library than AWS's event ruler, and
# refuses the operators prefix, suffix, numeric, equals-ignore-case and $or, which EventBridge has, as an "invalid pattern".
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
# Guess: all six patterns match. Seen: anything-but with a list works, and five RuntimeErrors.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" event-ruler==0.3.0
PYTHONPATH=$folder python3 - <<'PY'
import json

from event_ruler import event_ruler


def matches(pattern, event):
    try:
        return event_ruler.test_event_pattern(json.dumps(event), json.dumps(pattern))
    except RuntimeError as error:
        return str(error)


seen = [
    matches({"a": [{"anything-but": ["x", "y"]}]}, {"a": "z"}),
    matches({"a": [{"prefix": "eu-"}]}, {"a": "eu-west-1"}),
    matches({"a": [{"suffix": ".png"}]}, {"a": "a.png"}),
    matches({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 5}),
    matches({"a": [{"equals-ignore-case": "X"}]}, {"a": "x"}),
    matches({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"a": "x"}),
]
print(*seen, sep="\n")
assert seen == [True] + 5 * ["invalid pattern"]
PY
