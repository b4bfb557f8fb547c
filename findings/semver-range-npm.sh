#!/usr/bin/env bash
# semver-range 0.0.3 (PyPI) "mimics npm's semver package". It lets ^1.2.3-beta.2 match the pre-release 1.2.4-beta.2, does not
# find 1.2.3+build equal to 1.2.3, and fails at v1.2.3. npm's semver, "Prerelease Tags": a pre-release matches only if the range
# has one of the same three numbers. SemVer 2.0.0 item 10: build metadata is ignored in comparisons.
# Guess, as semver 7.7.3 (npm) says: false, true, true. Seen: True, False, ValueError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" semver-range==0.0.3
PYTHONPATH=$folder python3 - <<'PY'
from semver_range import Range, Version

seen = [Version("1.2.4-beta.2") in Range("^1.2.3-beta.2"), Version("1.2.3+build") in Range("=1.2.3")]
try:
    seen.append(Version("1.2.3") in Range("v1.2.3"))
except ValueError as error:
    seen.append(type(error).__name__)
print(seen)
assert seen == [True, False, "ValueError"]
PY
npm install --silent --no-fund --no-audit --prefix "$folder" semver@7.7.3
NODE_PATH=$folder/node_modules node - <<'JS'
const { satisfies } = require("semver");
const right = [satisfies("1.2.4-beta.2", "^1.2.3-beta.2"), satisfies("1.2.3+build", "=1.2.3"), satisfies("1.2.3", "v1.2.3")];
console.log(right);
require("assert").deepStrictEqual(right, [false, true, true]);
JS
