#!/usr/bin/env bash
# milliseconds-to-iso-8601-duration 0.1.0 (npm) writes the difference of -1 second as a negative day and nearly a day. Its README
# passes the difference of two dates, which is negative if the first is the earlier one. ISO 8601-2:2019 section 4.4.1.9 has
# -PT1S and PT-1S; RFC 3339 appendix A has no sign at all.
# Guess: -PT1S or an error. Seen: P-1DT23H59M59S.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$folder" milliseconds-to-iso-8601-duration@0.1.0
NODE_PATH=$folder/node_modules node - <<'JS'
const { iso8601duration } = require("milliseconds-to-iso-8601-duration");
const seen = [iso8601duration(1000), iso8601duration(-1000)];
console.log(seen);
require("assert").deepStrictEqual(seen, ["PT1S", "P-1DT23H59M59S"]);
JS
