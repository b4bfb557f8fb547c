#!/usr/bin/env bash
# crontzconvert 1.1.1 (npm) moves a crontab line to another time zone. 20:00 UTC on day 31 is 05:00 in Tokyo on the 1st of
# the month after: seven times a year. It keeps "every month" unless the line names months.
# Guess: 0 0 5 1 1,2,4,6,8,9,11 *. Seen: 0 0 5 1 * *, twelve times a year; with the months 1 and 3, 2,4 as it should be.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" crontzconvert@1.1.1
NODE_PATH=$folder/node_modules node - <<'JS'
const { convert } = require("crontzconvert");
const seen = ["0 20 31 * *", "0 20 31 1,3 *"].map((line) => convert(line, "UTC", "Asia/Tokyo"));
console.log(seen);
require("assert").deepStrictEqual(seen, ["0 0 5 1 * *", "0 0 5 1 2,4 *"]);
JS
