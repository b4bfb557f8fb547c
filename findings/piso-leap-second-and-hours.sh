#!/usr/bin/env bash
# @0dep/piso 5.1.2 (npm) refuses a leap second and a decimal fraction of an hour. ISO 8601:2004 section 4.2.1 (a
# positive leap second is 60) and section 4.2.2.4 (a fraction of the lowest order component: 23.5 is 23:30).
# Guess: the last second of 2016, or the next one; 23:30. Seen: an error for both, and 24:00 and a fraction of a second are read.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$folder" @0dep/piso@5.1.2
NODE_PATH=$folder/node_modules node - <<'JS'
const { getDate } = require("@0dep/piso");
const seen = ["2016-12-31T23:59:60Z", "2016-12-31T23.5Z", "2016-12-31T24:00:00Z", "2016-12-31T23:59:59,5Z"].map((date) => {
  try {
    return getDate(date).toISOString();
  } catch (error) {
    return error.message;
  }
});
console.log(seen);
require("assert").deepStrictEqual(seen, [
  'Unexpected ISO 8601 date character "2016-12-31T23:59:[6]" at 17',
  'Unexpected ISO 8601 date character "2016-12-31T23[.]" at 13',
  "2017-01-01T00:00:00.000Z",
  "2016-12-31T23:59:59.500Z",
]);
JS
