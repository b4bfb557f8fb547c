#!/usr/bin/env bash
# serverless-offline-sns 0.78.2 (npm) emulates SNS. In a filter policy it compares strings only: a subscription with prefix,
# anything-but, exists or a number gets none of the messages that SNS would deliver to it.
# https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
# https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html and numeric-value-matching.html
# Guess: all five policies match. Seen: the exact string matches, the others do not.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps --prefix "$folder" serverless-offline-sns@0.78.2
cat >"$folder/filter.mjs" <<'JS'
import assert from "node:assert";
import { SNSServer } from "./node_modules/serverless-offline-sns/dist/sns-server.js";

const attributes = { store: { Type: "String", Value: "example-corp" }, price: { Type: "Number", Value: "100" } };
const matches = (policy) => SNSServer.prototype.evaluatePolicies.call({ debug() {} }, policy, attributes);

const seen = [
  matches({ store: ["example-corp"] }),
  matches({ store: [{ prefix: "example" }] }),
  matches({ store: [{ "anything-but": ["other"] }] }),
  matches({ store: [{ exists: true }] }),
  matches({ price: [100] }),
];
console.log(seen);
assert.deepStrictEqual(seen, [true, false, false, false, false]);
JS
node "$folder/filter.mjs"
