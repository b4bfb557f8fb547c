#!/usr/bin/env bash
# @datasert/cronjs-matcher 1.4.0 and @sapphire/cron 1.2.1 (npm) never run on the Sunday of 5-7, a range of days of the week.
# crontab(5): 0 and 7 are both Sunday. @datasert/cronjs-matcher does run for a 7 outside a range.
# Guess: Friday, Saturday, Sunday. Seen: Friday, Saturday, Friday, from both.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @datasert/cronjs-matcher@1.4.0 @sapphire/cron@1.2.1
NODE_PATH=$folder/node_modules node - <<'JS'
process.env.TZ = "UTC";
const { getFutureMatches } = require("@datasert/cronjs-matcher");
const { Cron } = require("@sapphire/cron");
const START = "2026-01-01T12:00:00Z";
const weekday = (date) => new Date(date).toLocaleDateString("en", { weekday: "short", timeZone: "UTC" });
const match = (line, matchCount) => getFutureMatches(line, { startAt: START, matchCount, timezone: "UTC" }).map(weekday);
const runs = [];
for (let date = new Date(START); runs.length < 3; runs.push(date)) {
  date = new Cron("0 0 * * 5-7").next(date);
}
const seen = [match("0 0 * * 5-7", 3), match("0 0 * * 7", 1), runs.map(weekday)];
console.log(seen);
require("assert").deepStrictEqual(seen, [["Fri", "Sat", "Fri"], ["Sun"], ["Fri", "Sat", "Fri"]]);
JS
