#!/usr/bin/env bash
# packageurl-js 2.0.1 (npm) fails with a ReferenceError at a package URL of a Go module whose version is a major one, such as the
# tag v1. It wants a full semantic version there and misspells the throw. The purl specification (PURL-TYPES, golang) has no
# such rule: a version is any string, and the package reads "master".
# Guess: the URL as it was given. Seen: "throws is not defined".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" packageurl-js@2.0.1
NODE_PATH=$folder/node_modules node - <<'JS'
const { PackageURL } = require("packageurl-js");
const seen = ["v1.2.3", "master", "v1"].map((version) => {
  try {
    return PackageURL.fromString(`pkg:golang/example.com/a/b@${version}`).version;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
});
console.log(seen);
require("assert").deepStrictEqual(seen, ["v1.2.3", "master", "ReferenceError: throws is not defined"]);
JS
