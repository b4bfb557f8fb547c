#!/usr/bin/env bash
# is-sns-topic-arn 1.0.0 (npm) says that the ARN of a topic in the partitions aws-cn and aws-us-gov is none, and that the ARN of
# a FIFO topic, whose name ends with .fifo, is none:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
# https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-ordering.html
# Guess: true for each. Seen: true, false, false, false.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" is-sns-topic-arn@1.0.0
NODE_PATH=$folder/node_modules node - <<'JS'
const isTopic = require("is-sns-topic-arn");
const seen = [
  "arn:aws:sns:us-east-1:123456789012:alarms",
  "arn:aws-cn:sns:cn-north-1:123456789012:alarms",
  "arn:aws-us-gov:sns:us-gov-west-1:123456789012:alarms",
  "arn:aws:sns:us-east-1:123456789012:alarms.fifo",
].map((arn) => isTopic(arn));
console.log(seen);
require("assert").deepStrictEqual(seen, [true, false, false, false]);
JS
