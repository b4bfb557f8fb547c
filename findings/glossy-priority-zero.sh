#!/usr/bin/env bash
# glossy 0.1.7 (npm) parses syslog. For the priority 0, an emergency of the kernel (RFC 5424 section 6.2.1), it returns neither
# facility nor severity, so the most severe message of all has no severity.
# Guess: kern and emerg, as kern and alert for 1. Seen: prival 0 and both undefined.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" glossy@0.1.7
NODE_PATH=$folder/node_modules node - <<'JS'
const { Parse } = require("glossy");
const seen = [1, 0].map((priority) => {
  let read;
  Parse.parse(`<${priority}>1 2026-11-28T12:00:00Z host kernel - - - panic`, (message) => (read = message));
  return [read.prival, read.facility, read.severity];
});
console.log(seen);
require("assert").deepStrictEqual(seen, [[1, "kern", "alert"], [0, undefined, undefined]]);
JS
