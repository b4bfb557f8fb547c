#!/usr/bin/env bash
# serverless-offline-aws-eventbridge 2.2.4 (npm) emulates EventBridge. A pattern whose detail has $or ignores every field
# beside it; anything-but with a prefix in it matches every value; a prefix ends in a TypeError if the value is a number.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html ($or needs its siblings, too)
# Guess: false, false, false. Seen: true, true, TypeError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps --prefix "$folder" \
  serverless-offline-aws-eventbridge@2.2.4
cat >"$folder/match.cjs" <<'JS'
const assert = require("node:assert");
const exported = require("serverless-offline-aws-eventbridge");
const Plugin = exported.default ?? exported;

const plugin = Object.assign(Object.create(Plugin.prototype), { logDebug() {} });
function matches(detail, event) {
  try {
    return plugin.verifyIsSubscribed({ event: { pattern: { detail } } }, { Detail: JSON.stringify(event) });
  } catch (error) {
    return error.name;
  }
}

const seen = [
  matches({ state: ["stopped"] }, { state: "running" }),
  matches({ state: ["stopped"], $or: [{ zone: ["a"] }, { zone: ["b"] }] }, { state: "running", zone: "a" }),
  matches({ state: [{ "anything-but": { prefix: "run" } }] }, { state: "running" }),
  matches({ state: [{ prefix: "run" }] }, { state: 5 }),
];
console.log(seen);
assert.deepStrictEqual(seen, [false, true, true, "TypeError"]);
JS
node "$folder/match.cjs"
