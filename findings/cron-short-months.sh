#!/usr/bin/env bash
# Two npm packages run a job of day 31 in months without one: cron-schedule-parser 2.1.12 on February 28, and
# @fregante/mi-cron 2.0.1 on March 3. crontab(5): a job runs when the fields match the current time.
# Guess: January 31, March 31. Seen: January 31, February 28; January 31, March 3.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" cron-schedule-parser@2.1.12 @fregante/mi-cron@2.0.1
NODE_PATH=$folder/node_modules node - <<'JS'
process.env.TZ = "UTC";
const { pathToFileURL } = require("url");
const { parseExpression } = require("cron-schedule-parser");
const START = new Date("2026-01-15T00:00:00Z");
const day = (date) => new Date(date).toISOString().slice(0, 10);
const runs = parseExpression("0 0 31 * *", { currentDate: START, tz: "UTC" });
const seen = [day(runs.next()), day(runs.next())];
import(pathToFileURL(require.resolve("@fregante/mi-cron"))).then(({ parseCron }) => {
  const first = parseCron.nextDate("0 0 31 * *", START);
  seen.push(day(first), day(parseCron.nextDate("0 0 31 * *", first)));
  console.log(seen);
  require("assert").deepStrictEqual(seen, ["2026-01-31", "2026-02-28", "2026-01-31", "2026-03-03"]);
});
JS
