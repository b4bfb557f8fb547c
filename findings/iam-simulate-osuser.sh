#!/usr/bin/env bash
# @cloud-copilot/iam-simulate 0.1.173 (npm) decides IAM requests. A policy for EC2 Instance Connect with ec2:osuser, the key
# of AWS's own example, ends in an Error instead of a decision; the same policy without the condition is decided.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-connect-configure-IAM-role.html
# Guess: Allowed for both. Seen: "Condition key ec2:osuser not found", and Allowed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @cloud-copilot/iam-simulate@0.1.173
cat >"$folder/decide.mjs" <<'JS'
import assert from "node:assert";
import { runSimulation } from "@cloud-copilot/iam-simulate";

const ACTION = "ec2-instance-connect:SendSSHPublicKey";
const INSTANCE = "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0";

async function decide(condition, contextVariables) {
  const statement = { Effect: "Allow", Action: ACTION, Resource: INSTANCE, ...condition };
  try {
    const result = await runSimulation({
      request: {
        action: ACTION,
        resource: { resource: INSTANCE, accountId: "123456789012" },
        principal: "arn:aws:iam::123456789012:user/u",
        contextVariables,
      },
      identityPolicies: [{ name: "p", policy: { Version: "2012-10-17", Statement: [statement] } }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    }, {});
    return result.overallResult;
  } catch (error) {
    return error.message;
  }
}

const seen = [
  await decide({ Condition: { StringEquals: { "ec2:osuser": "ubuntu" } } }, { "ec2:osuser": "ubuntu" }),
  await decide({}, {}),
];
console.log(seen);
assert.deepStrictEqual(seen, ["Condition key ec2:osuser not found", "Allowed"]);
JS
node "$folder/decide.mjs"
