#!/usr/bin/env bash
# terraform-plan-parser 1.6.0 (npm) parses what "terraform plan" prints, as Terraform 0.11 and earlier print it; its README names
# no version. It returns no changed resource for a plan of Terraform 0.12 or later, only errors about single lines, and does not
# throw: a gate that looks for destroyed resources finds none.
# https://developer.hashicorp.com/terraform/language/v1.1.x/upgrade-guides/0-12; the output below is that of Terraform 1
# Guess: one resource to destroy. Seen: no resource, four errors "UNABLE_TO_PARSE..." or "ORPHAN_ATTRIBUTE_LINE".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$folder" terraform-plan-parser@1.6.0
cat >"$folder/parse.cjs" <<'JS'
const assert = require("node:assert");
const { parseStdout } = require("terraform-plan-parser");

const head = "\nTerraform will perform the following actions:\n\n";
const tail = "\n\nPlan: 0 to add, 0 to change, 1 to destroy.\n";
const plans = [
  `${head}  - aws_s3_bucket.old\n${tail}`,
  `${head}  # aws_s3_bucket.old will be destroyed
  - resource "aws_s3_bucket" "old" {
      - bucket = "example" -> null
    }
${tail}`,
];
const seen = plans.map((text) => {
  const { changedResources, errors } = parseStdout(text);
  return [changedResources.map(({ action, path }) => `${action} ${path}`), errors.length];
});
console.log(JSON.stringify(seen));
assert.deepStrictEqual(seen, [[["destroy aws_s3_bucket.old"], 0], [[], 4]]);
JS
node "$folder/parse.cjs"
