#!/usr/bin/env bash
# pbac 0.3.2 (npm) evaluates IAM policies, "mostly compatible". It refuses what AWS allows: an action in other capitals, a
# number in quotes, as AWS's examples write it, in a Numeric condition, and "true" in quotes in a Null condition.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html (case)
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html (Numeric, Null)
# Guess: true for each. Seen: true for the policy without these, false for each of the three.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" pbac@0.3.2
NODE_PATH=$folder/node_modules node - <<'JS'
const PBAC = require("pbac");
const request = { action: "s3:ListBucket", resource: "arn:aws:s3:::b", context: { s3: { "max-keys": "9" } } };
const allows = (changes) =>
  new PBAC([
    {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: ["s3:ListBucket"], Resource: ["arn:aws:s3:::b"], ...changes }],
    },
  ]).evaluate(request);
const seen = [
  {},
  { Action: ["S3:listbucket"] },
  { Condition: { NumericLessThanEquals: { "s3:max-keys": "10" } } },
  { Condition: { Null: { "s3:prefix": "true" } } },
].map(allows);
console.log(seen);
require("assert").deepStrictEqual(seen, [true, false, false, false]);
JS
