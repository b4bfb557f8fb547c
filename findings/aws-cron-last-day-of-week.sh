#!/usr/bin/env bash
# L in the day of the week of an EventBridge cron expression is the last day of the week. aws-croniter 2.1.1 finds no run at all
# for it, without an error. pyawscron 1.0.7 raises an Exception, and a ValueError for day 31 in a month of 30 days.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
# Guess: Saturday 2026-12-05 for L, 2026-12-31 for day 31. Seen: None and 2026-12-31; Exception and ValueError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" aws-croniter==2.1.1 pyawscron==1.0.7
PYTHONPATH=$folder python3 - <<'PY'
import datetime

from aws_croniter import AwsCroniter
from pyawscron import AWSCron

START = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.timezone.utc)
readers = {
    "aws-croniter": lambda expression: AwsCroniter(expression).get_next(START)[0],
    "pyawscron": lambda expression: AWSCron(expression).occurrence(START).next(),
}
seen = {}
for name, following in readers.items():
    for expression in ("0 0 ? * 7 *", "0 0 ? * L *", "0 0 31 * ? *"):
        try:
            run = following(expression)
            seen[name, expression] = run and f"{run:%Y-%m-%d}"
        except Exception as error:
            seen[name, expression] = type(error).__name__
print(*seen.items(), sep="\n")
assert list(seen.values()) == ["2026-12-05", None, "2026-12-31", "2026-12-05", "Exception", "ValueError"]
PY
