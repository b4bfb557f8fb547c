#!/usr/bin/env bash
# aws-arn-parser 1.0.1 (npm) cuts the resource of an ARN at its first colon and stores the rest under the key "undefined". Log
# groups, secrets, functions and subscriptions of SNS have a colon in their resource:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html (resource-type:resource-id).
# Guess: relativeId "function:name". Seen: relativeId "function" and {undefined: "name"}.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" aws-arn-parser@1.0.1
NODE_PATH=$folder/node_modules node - <<'JS'
const parse = require("aws-arn-parser");
const seen = ["role/name", "function:name"].map((resource) => parse(`arn:aws:lambda:us-east-1:123456789012:${resource}`));
console.log(seen);
require("assert").deepStrictEqual(
  seen.map(({ relativeId, undefined: rest }) => [relativeId, rest]),
  [["role/name", undefined], ["function", "name"]],
);
JS
