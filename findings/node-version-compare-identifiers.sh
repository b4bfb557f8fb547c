#!/usr/bin/env bash
# node-version-compare 1.0.3 (npm) orders versions by their build metadata, and finds a numeric pre-release equal to an
# alphabetic one. Semantic Versioning 2.0.0 items 10 and 11: metadata does not count, and numbers come before letters.
# https://semver.org/#spec-item-11
# Guess: 0 and -1. Seen: -1 and 0.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" node-version-compare@1.0.3
NODE_PATH=$folder/node_modules node - <<'JS'
const compare = require("node-version-compare");
const seen = [compare("1.0.0+a", "1.0.0+b"), compare("1.0.0-1", "1.0.0-a"), compare("1.0.0-rc.1", "1.0.0")];
console.log(seen);
require("assert").deepStrictEqual(seen, [-1, 0, -1]);
JS
