#!/usr/bin/env bash
# Three PyPI packages differ from crontab(5). crontab 1.0.5 wants both day fields to match; either is enough if both are
# restricted. crontabula 0.1.8 refuses 7 and names for a day of the week. dargslan-cron-parser 1.0.0 does not run on the Sunday of
# 1,3,7, and finds no 29th of February more than a year ahead.
# Guess: 2026-12-04; 2026-11-29 twice; 2028-02-29. Seen: 2027-08-13; InvalidExpression; 2026-11-30; no run.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" crontab==1.0.5 crontabula==0.1.8 dargslan-cron-parser==1.0.0
PYTHONPATH=$folder python3 - <<'PY'
import datetime

import crontabula
from crontab import CronTab
from dargslan_cron_parser import next_run

now = datetime.datetime(2026, 11, 28, 12)
both = CronTab("0 0 13 * 5").next(now, return_datetime=True, default_utc=True)
refused = []
for day in ("7", "sun"):
    try:
        crontabula.parse(f"0 0 * * {day}")
    except crontabula.InvalidExpression:
        refused.append(day)
days = [str(run)[:10] for run in next_run("0 0 * * 1,3,7", now, 1)], next_run("0 0 29 2 *", now, 1)
print(both, refused, days)
assert f"{both:%Y-%m-%d}" == "2027-08-13" and refused == ["7", "sun"] and days == (["2026-11-30"], [])
PY
