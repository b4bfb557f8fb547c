#!/usr/bin/env bash
# cel-python 0.5.0 evaluates CEL, the language of conditions in Google's IAM. getMilliseconds() of a duration returns all of
# it in milliseconds; in CEL's conformance tests (cel-spec, timestamps.textproto) it is the part below a second. A comparison
# of an int with an uint or double, which langdef.md of cel-spec defines for dyn, is an error.
# Guess: 500 for 1.5 seconds, true, true. Seen: 1500, and CELEvalError twice.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" cel-python==0.5.0
PYTHONPATH=$folder python3 -W ignore - <<'PY'
import celpy


def evaluate(text):
    environment = celpy.Environment()
    try:
        return int(environment.program(environment.compile(text)).evaluate({}))
    except celpy.CELEvalError as error:
        return type(error).__name__


texts = ('duration("1.5s").getSeconds()', 'duration("1.5s").getMilliseconds()', "dyn(1) == 1u", "dyn(1) == 1.0")
seen = [evaluate(text) for text in texts]
print(seen)
assert seen == [1, 1500, "CELEvalError", "CELEvalError"]
PY
