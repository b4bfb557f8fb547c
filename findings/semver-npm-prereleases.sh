#!/usr/bin/env bash
# Three npm packages compare semantic versions. @hediet/semver 0.2.2 finds 1.0.0-alpha.1 and 1.0.0-alpha.beta equal and
# writes 1.0.0-0A as 1.0.0-0; @onflow/util-semver 1.0.4 finds 1.0.0-rc.1 and 1.0.0 equal; @flourish/semver 1.0.2 refuses
# build metadata. https://semver.org items 9 to 11: the first of each pair is older, and 0A is an identifier.
# Guess: -1, 1.0.0-0A; -1; a version. Seen: 0, 1.0.0-0; 0; an error.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @hediet/semver@0.2.2 @onflow/util-semver@1.0.4 @flourish/semver@1.0.2
NODE_PATH=$folder/node_modules node - <<'JS'
const { SemanticVersion } = require("@hediet/semver");
const { compare } = require("@onflow/util-semver");
const { parse } = require("@flourish/semver");
const read = (text) => SemanticVersion.parse(text);
const seen = [read("1.0.0-alpha.1").compareTo(read("1.0.0-alpha.beta")), String(read("1.0.0-0A")), compare("1.0.0-rc.1", "1.0.0")];
try {
  parse("1.0.0+0.build");
} catch (error) {
  seen.push(error.message);
}
console.log(seen);
require("assert").deepStrictEqual(seen, [0, "1.0.0-0", 0, "Failed to parse version number: 1.0.0+0.build"]);
JS
