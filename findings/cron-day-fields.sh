#!/usr/bin/env bash
# @cheap-glitch/mi-cron 1.0.1 (npm) and cron-validator 1.0.8 (PyPI) want both the day of the month and the day of the week to
# match. crontab(5): if both are restricted, either is enough. mi-cron also runs day 31 on the 1st after a month of 30 days and
# does not take 7 for Sunday.
# Guess: Friday 2026-12-04, 2026-12-31, Sunday 2026-11-29. Seen: Friday 2027-08-13, 2026-12-01, undefined;
# cron-validator does not run on 2026-12-04 either.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @cheap-glitch/mi-cron@1.0.1
python3 -m pip install -q --disable-pip-version-check --target "$folder/python" cron-validator==1.0.8
TZ=UTC NODE_PATH=$folder/node_modules node - <<'JS'
const { parseCron } = require("@cheap-glitch/mi-cron");
const seen = ["0 0 13 * 5", "0 0 31 * *", "0 0 * * 7", "0 0 * * 0"].map((expression) =>
  parseCron.nextDate(expression, new Date("2026-11-28T12:00:00Z"))?.toISOString().slice(0, 10),
);
console.log(seen);
require("assert").deepStrictEqual(seen, ["2027-08-13", "2026-12-01", undefined, "2026-11-29"]);
JS
PYTHONPATH=$folder/python python3 - <<'PY'
import datetime

from cron_validator import CronValidator

span = datetime.datetime(2026, 11, 28), datetime.datetime(2026, 12, 6)
seen = [[f"{day:%Y-%m-%d}" for day in CronValidator.get_execution_time(text, *span)] for text in ("0 0 4 * 5", "0 0 13 * 5")]
print(seen)
assert seen == [["2026-12-04"], []]
PY
