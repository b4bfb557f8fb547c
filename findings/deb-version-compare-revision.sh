#!/usr/bin/env bash
# deb-version-compare 1.2.1 (npm) orders versions of Debian packages. It ignores the revision when one version has none, and
# compares 01 and 1 as texts. Debian Policy section 5.6.12: no revision is earlier than any, as 0 is; digits are numbers.
# Guess: 1.0 before 1.0-1, 1.0 equal to 1.0-0, 1.01 equal to 1.1, as dpkg says. Seen: equal, later, earlier.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" deb-version-compare@1.2.1
NODE_PATH=$folder/node_modules node - <<'JS'
const compare = require("deb-version-compare");
const seen = [["1.0", "1.0-1"], ["1.0-0", "1.0"], ["1.01", "1.1"], ["1.0-1", "1.0-2"]].map((pair) => compare(...pair));
console.log(seen);
require("assert").deepStrictEqual(seen, [0, 1, -1, -1]);
JS
