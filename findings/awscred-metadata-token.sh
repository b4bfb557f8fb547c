#!/usr/bin/env bash
# awscred 1.5.0 (npm) finds the credentials of an EC2 instance in its metadata, and asks for them without a session token. An
# instance with HttpTokens=required, the default of current AMIs, answers 401 to that. The script answers as it does.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
# Guess: PUT /latest/api/token comes first, as in the AWS SDKs. Seen: one GET without a token, and "Failed to fetch IAM role".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" awscred@1.5.0
cat >"$folder/metadata.cjs" <<'JS'
const assert = require("node:assert");
const { EventEmitter } = require("node:events");
const http = require("node:http");

const asked = [];
http.request = (options, answer) => {
  asked.push([options.method ?? "GET", options.path, JSON.stringify(options.headers ?? {}).includes("token")]);
  const request = Object.assign(new EventEmitter(), { end() {}, abort() {}, setTimeout() {}, write() {} });
  setImmediate(() => {
    const response = Object.assign(new EventEmitter(), { statusCode: 401, headers: {}, setEncoding() {} });
    request.emit("response", response);
    if (answer) answer(response);
    response.emit("end");
  });
  return request;
};
http.get = http.request;

require("awscred").loadCredentialsFromEc2Metadata({}, (error) => {
  console.log(asked, error.message);
  assert(error.message.startsWith("Failed to fetch IAM role: 401"));
  assert.deepStrictEqual(asked, [["GET", "/latest/meta-data/iam/security-credentials/", false]]);
});
JS
node "$folder/metadata.cjs"
