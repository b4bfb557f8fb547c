#!/usr/bin/env bash
# js-yaml-cloudformation-schema 1.0.0 (npm, with js-yaml 3.15.2) reads !Condition as Fn::Condition, which CloudFormation
# does not have; the key is Condition, as Ref has no Fn:: either. The version of a policy, 2012-10-17, becomes a time.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
# Guess: {"Condition": "IsProd"} and "2012-10-17". Seen: {"Fn::Condition": "IsProd"} and "2012-10-17T00:00:00.000Z".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" js-yaml-cloudformation-schema@1.0.0 js-yaml@3.15.2
NODE_PATH=$folder/node_modules node - <<'JS'
const { CLOUDFORMATION_SCHEMA } = require("js-yaml-cloudformation-schema");
const template = "Not: !Not [!Condition IsProd]\nName: !Ref Bucket\nVersion: 2012-10-17\n";
const seen = JSON.parse(JSON.stringify(require("js-yaml").safeLoad(template, { schema: CLOUDFORMATION_SCHEMA })));
console.log(JSON.stringify(seen));
require("assert").deepStrictEqual(seen, {
  Not: { "Fn::Not": [{ "Fn::Condition": "IsProd" }] },
  Name: { Ref: "Bucket" },
  Version: "2012-10-17T00:00:00.000Z",
});
JS
