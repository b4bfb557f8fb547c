#!/usr/bin/env bash
# local-crontab 0.1.8 (npm) converts the hour of a crontab line to UTC, but not its day: 01:00 on Sunday in Tokyo becomes 16:00 on
# Sunday, and 01:00 on the 15th becomes 16:00 on the 15th, both 24 hours late. Its README: "converts a crontab in a local timezone
# into a set of UTC crontabs". Asia/Tokyo is 9 hours ahead of UTC all year.
# Guess: 0 16 * * 6 and 0 16 14 * *, or an error. Seen: 0 16 * * 0 and 0 16 15 * *.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$folder" local-crontab@0.1.8
NODE_PATH=$folder/node_modules node - <<'JS'
const { localCrontabToUtcCrontabs } = require("local-crontab");
const seen = ["0 1 * * 0", "0 1 15 * *", "0 10 * * 0"].flatMap((line) => localCrontabToUtcCrontabs(line, "Asia/Tokyo"));
console.log(seen);
require("assert").deepStrictEqual(seen, ["0 16 * * 0", "0 16 15 * *", "0 1 * * 0"]);
JS
