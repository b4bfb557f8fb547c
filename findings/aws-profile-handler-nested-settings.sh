#!/usr/bin/env bash
# aws-profile-handler 2.0.3 (npm) edits ~/.aws/credentials. It cannot read a file with nested settings (s3 =) or with a profile
# that has no settings yet, it cannot add a profile with a session token, and it deletes all comments with any profile.
# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
# https://docs.aws.amazon.com/cli/latest/topic/s3-config.html
# Guess: all four work, and the comment stays. Seen: three errors, and a file without the comment.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" aws-profile-handler@2.0.3
cat >"$folder/profiles.cjs" <<'JS'
const assert = require("node:assert");
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const handler = require("aws-profile-handler");

const FILE = join(__dirname, "credentials");
const KEYS = "aws_access_key_id = EXAMPLE\naws_secret_access_key = example\n";
function from(text, act) {
  writeFileSync(FILE, text);
  try {
    return act();
  } catch (error) {
    return error.message;
  }
}

const session = { aws_access_key_id: "EXAMPLE", aws_secret_access_key: "example", aws_session_token: "example" };
const seen = [
  from(`[a]\n${KEYS}s3 =\n  max_concurrent_requests = 20\n`, () => handler.listProfiles(FILE)),
  from(`[a]\n[b]\n${KEYS}`, () => handler.listProfiles(FILE)),
  from(`[a]\n${KEYS}`, () => handler.addProfile("c", session, FILE)),
  from(`# keep this\n[a]\n${KEYS}[b]\n${KEYS}`, () => handler.deleteProfile("b", FILE) ?? readFileSync(FILE, "utf8")),
];
console.log(seen);
assert.deepStrictEqual(seen, [
  "Invalid AWS credential file. Incomplete key/value pair",
  "Invalid AWS credential file. Cannot have nested sessions",
  "Invalid input: credentials schema is invalid.",
  "[a]\naws_access_key_id=EXAMPLE\naws_secret_access_key=example",
]);
JS
node "$folder/profiles.cjs"
