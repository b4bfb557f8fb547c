#!/usr/bin/env bash
# hcl2-parser 1.0.3 (npm) turns $${ of a string, HCL's escape for a literal ${, into ${, and leaves ${ of an interpolation as it
# is, so the two cannot be told apart. An IAM policy variable, $${aws:username} in Terraform, reads as an expression.
# https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
# Guess: two different strings. Seen: "user/${aws.username}" twice.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" hcl2-parser@1.0.3
NODE_PATH=$folder/node_modules node - <<'JS'
const text = 'literal = "user/$${aws.username}"\nexpression = "user/${aws.username}"\n';
const [seen] = require("hcl2-parser").parseToObject(text);
console.log(seen);
require("assert").deepStrictEqual({ ...seen }, { literal: "user/${aws.username}", expression: "user/${aws.username}" });
process.exit(0);
JS
