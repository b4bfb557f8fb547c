#!/usr/bin/env bash
# awscli 1.45.11 and @smithy/shared-ini-file-loader 4.7.2, which the AWS SDK for JavaScript uses, read ~/.aws/config
# differently. "aws configure set" writes a profile whose name has a blank in quotes, and the SDK does not find it. The SDK
# cuts a value at a blank and #, also inside quotation marks, so that it would run another credential_process than the CLI.
# https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html (the files are shared by the CLI and all SDKs)
# Guess: both read the same. Seen: two profiles and whole values; one profile and two shortened values.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder/py" awscli==1.45.11
npm install --silent --no-fund --no-audit --prefix "$folder" @smithy/shared-ini-file-loader@4.7.2
cat >"$folder/config" <<'END'
[profile dev]
region = eu-west-1 # Ireland
credential_process = /opt/bin/credentials --label "team #1"
END
export AWS_CONFIG_FILE=$folder/config PYTHONPATH=$folder/py
python3 -m awscli configure set region eu-central-1 --profile 'my profile'
python3 - >"$folder/python.json" <<'PY'
import json

import botocore.session

print(json.dumps(botocore.session.Session().full_config["profiles"]))
PY
cat >"$folder/read.cjs" <<'JS'
const assert = require("node:assert");
const { loadSharedConfigFiles } = require("@smithy/shared-ini-file-loader");

loadSharedConfigFiles({ configFilepath: process.env.AWS_CONFIG_FILE, filepath: "/dev/null" }).then(({ configFile }) => {
  const cli = require("./python.json");
  console.log(cli, configFile);
  assert.deepStrictEqual(cli, {
    dev: { region: "eu-west-1 # Ireland", credential_process: '/opt/bin/credentials --label "team #1"' },
    "my profile": { region: "eu-central-1" },
  });
  const dev = { region: "eu-west-1", credential_process: '/opt/bin/credentials --label "team' };
  assert.strictEqual(JSON.stringify(configFile), JSON.stringify({ dev }));
});
JS
node "$folder/read.cjs"
