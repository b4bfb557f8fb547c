#!/usr/bin/env bash
# cron-to-quartz 1.4.9 (npm) adds 1 to every day of the week. For a crontab 7 is Sunday as well (crontab(5)), and Quartz has
# the days 1 to 7: https://www.quartz-scheduler.org/documentation/quartz-2.3.0/tutorials/crontrigger.html
# Guess: 1 for 0 and 7. Seen: 1 for 0, 8 for 7, and 6-8 for 5-7.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" cron-to-quartz@1.4.9
NODE_PATH=$folder/node_modules node - <<'JS'
const { getQuartz } = require("cron-to-quartz");
const seen = ["0", "7", "5-7"].map((day) => getQuartz(`0 0 * * ${day}`)[0][5]);
console.log(seen);
require("assert").deepStrictEqual(seen, ["1", "8", "6-8"]);
JS
