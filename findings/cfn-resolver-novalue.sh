#!/usr/bin/env bash
# cfn-resolver-lib 1.1.8 (npm) resolves a CloudFormation template. A property that is AWS::NoValue stays, with the string
# "AWS::NoValue" as its value, and ${!Name} of Fn::Sub, the escape for a literal ${Name}, keeps its exclamation mark.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html
# Guess: no Description, and ${aws:username}. Seen: Description "AWS::NoValue", and ${!aws:username}.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" cfn-resolver-lib@1.1.8
NODE_PATH=$folder/node_modules node - <<'JS'
const Evaluator = require("cfn-resolver-lib");
const template = {
  Mappings: {},
  Parameters: {},
  Resources: {},
  Conditions: { Described: { "Fn::Equals": [{ Ref: "AWS::Region" }, "eu-west-1"] } },
  Outputs: {
    Path: {
      Value: { "Fn::Sub": "${AWS::Region}/${!aws:username}" },
      Description: { "Fn::If": ["Described", "a path", { Ref: "AWS::NoValue" }] },
    },
  },
};
const seen = new Evaluator(template, { RefResolvers: { "AWS::Region": "us-east-1" } }).evaluateNodes().Outputs.Path;
console.log(seen);
require("assert").deepStrictEqual(seen, { Value: "us-east-1/${!aws:username}", Description: "AWS::NoValue" });
JS
