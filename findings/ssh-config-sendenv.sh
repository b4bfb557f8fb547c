#!/usr/bin/env bash
# ssh-config 5.3.0 (npm): compute() returns only the first SendEnv of a host. ssh sends the variables of all of them
# (ssh_config(5)), as it tries every IdentityFile, which compute() collects.
# Guess: A and B. Seen: A; two IdentityFile.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" ssh-config@5.3.0
NODE_PATH=$folder/node_modules node - <<'JS'
const SSHConfig = require("ssh-config").default || require("ssh-config");
const seen = SSHConfig.parse(`Host a
  SendEnv A
  SendEnv B
  IdentityFile /a
  IdentityFile /b
`).compute("a");
console.log(seen);
require("assert").deepStrictEqual([seen.SendEnv, seen.IdentityFile], ["A", ["/a", "/b"]]);
JS
