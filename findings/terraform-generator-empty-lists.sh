#!/usr/bin/env bash
# terraform-generator 6.7.0 (npm) writes Terraform configuration. It leaves an empty list out. For Terraform ingress = [] says
# that there shall be no rules, and no ingress at all says that the rules of the existing group stay as they are.
# https://developer.hashicorp.com/terraform/language/attr-as-blocks ("Defining a Fixed Empty List")
# Guess: ingress = []. Seen: no line for ingress.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" terraform-generator@6.7.0
cat >"$folder/generate.cjs" <<'JS'
const assert = require("node:assert");
const { TerraformGenerator } = require("terraform-generator");

const generator = new TerraformGenerator();
generator.resource("aws_security_group", "example", { name: "example", egress: ["x"], ingress: [] });
const seen = generator.generate().tf.replace(/\s+/g, " ").trim();
console.log(seen);
assert.strictEqual(seen, 'resource "aws_security_group" "example"{ name = "example" egress = [ "x" ] }');
JS
node "$folder/generate.cjs"
