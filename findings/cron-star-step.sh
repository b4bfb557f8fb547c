#!/usr/bin/env bash
# cronosjs 1.7.1 and @datasert/cronjs-matcher 1.4.0 (npm) run "0 0 */2 * 1" on every odd day and on every Monday. In
# crontab(5) a field that contains "*" does not restrict, so cron runs it only where both match: on Mondays that are odd days.
# cron-converter 2.1.0 does so as well. https://manpages.debian.org/bookworm/cron/crontab.5.en.html
# Guess: January 5, January 19 from each. Seen: January 3, January 5 from the first two.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" cronosjs@1.7.1 @datasert/cronjs-matcher@1.4.0 cron-converter@2.1.0
NODE_PATH=$folder/node_modules node - <<'JS'
process.env.TZ = "UTC";
const { CronosExpression } = require("cronosjs");
const { getFutureMatches } = require("@datasert/cronjs-matcher");
const { getSchedule, stringToArray } = require("cron-converter");
const LINE = "0 0 */2 * 1";
const START = new Date("2026-01-01T12:00:00Z");
const day = (date) => new Date(date).toISOString().slice(0, 10);
const schedule = getSchedule(stringToArray(LINE), START, "UTC");
const seen = [
  CronosExpression.parse(LINE, { timezone: "UTC" }).nextNDates(START, 2).map(day),
  getFutureMatches(LINE, { startAt: START.toISOString(), matchCount: 2, timezone: "UTC" }).map(day),
  [schedule.next(), schedule.next()].map((date) => day(date.toJSDate())),
];
console.log(seen);
require("assert").deepStrictEqual(seen, [
  ["2026-01-03", "2026-01-05"], ["2026-01-03", "2026-01-05"], ["2026-01-05", "2026-01-19"],
]);
JS
