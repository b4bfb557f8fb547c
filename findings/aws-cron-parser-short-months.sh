#!/usr/bin/env bash
# aws-cron-parser 1.1.12 (npm) computes when a cron expression of EventBridge runs next. If a month lacks the day, it answers a
# day of the next month instead of the next month that has it.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
# Guess: 2026-12-31 for day 31 after 28 November, 2028-02-29 for 29 February. Seen: 2026-12-01 and 2027-03-01.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" aws-cron-parser@1.1.12
TZ=UTC NODE_PATH=$folder/node_modules node - <<'JS'
const loaded = require("aws-cron-parser");
const cron = loaded.default || loaded;
const seen = ["0 0 30 * ? *", "0 0 31 * ? *", "0 0 29 2 ? *"].map((expression) =>
  cron.next(cron.parse(expression), new Date("2026-11-28T12:00:00Z")).toISOString().slice(0, 10),
);
console.log(seen);
require("assert").deepStrictEqual(seen, ["2026-11-30", "2026-12-01", "2027-03-01"]);
JS
