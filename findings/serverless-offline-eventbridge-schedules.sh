#!/usr/bin/env bash
# serverless-offline-aws-eventbridge 2.2.4 (npm) turns a schedule of EventBridge into one of cron. The days of the week keep
# their numbers, although 1 is Sunday for EventBridge and Monday for cron; 10/15 becomes 1*/15; a year cuts the expression in
# the wrong place; rate(90 minutes) becomes */90, which runs once an hour.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html; crontab(5)
# Guess: "0 5 * * 0", "10-59/15 * * * *", "0 5 1 1 *". Seen: "0 5 * * 1", "1*/15 * * * *", "0 5 1 1 * 20".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps --prefix "$folder" \
  serverless-offline-aws-eventbridge@2.2.4
cat >"$folder/schedule.cjs" <<'JS'
const assert = require("node:assert");
const exported = require("serverless-offline-aws-eventbridge");
const Plugin = exported.default ?? exported;

function convert(schedule) {
  const service = { getAllFunctions: () => ["f"], getFunction: () => ({ events: [{ eventBridge: { schedule } }] }) };
  const plugin = Object.assign(Object.create(Plugin.prototype), { logDebug() {}, serverless: { service } });
  return plugin.getEvents().scheduledEvents[0].schedule;
}

const seen = ["cron(0 5 ? * 1 *)", "cron(10/15 * * * ? *)", "cron(0 5 1 1 ? 2027)", "rate(90 minutes)"].map(convert);
console.log(seen);
assert.deepStrictEqual(seen, ["0 5 * * 1", "1*/15 * * * *", "0 5 1 1 * 20", "*/90 * * * *"]);
JS
node "$folder/schedule.cjs"
