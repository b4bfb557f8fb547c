#!/usr/bin/env bash
# aws-eventbridge-rule-syncer 3.1.0 matches events with patterns of EventBridge. anything-but with a list, or with a prefix in
# it, matches every value, and a number or a suffix never matches; there is no error for any of them.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
# Guess: False, False, True, True. Seen: True, True, False, False.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --no-deps --target "$folder" aws-eventbridge-rule-syncer==3.1.0
PYTHONPATH=$folder python3 - <<'PY'
import importlib.util
import os

# The package itself imports boto3, which matching does not need.
folder = os.environ["PYTHONPATH"]
spec = importlib.util.spec_from_file_location("rule_engine", f"{folder}/aws_eventbridge_rules_syncer/rule_engine.py")
rule_engine = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rule_engine)

seen = [
    rule_engine.match_pattern({"state": [pattern]}, {"state": value})
    for pattern, value in (
        ({"anything-but": "stopped"}, "stopped"),
        ({"anything-but": ["stopped", "terminated"]}, "stopped"),
        ({"anything-but": {"prefix": "stop"}}, "stopped"),
        ({"numeric": [">", 0]}, 5),
        ({"suffix": ".png"}, "a.png"),
    )
]
print(seen)
assert seen == [False, True, True, False, False]
PY
