#!/usr/bin/env bash
# syslogd 1.1.2 (npm) returns the severity as the facility and the facility as the severity, and NaN for a kernel emergency. RFC
# 3164 section 4.1.1: the priority is eight times the facility plus the severity, and has one to three digits.
# Guess: for <34> facility 4 (auth) and severity 2 (critical), for <0> 0 and 0. Seen: 2 and 4, 0 and NaN.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" syslogd@1.1.2
NODE_PATH=$folder/node_modules node - <<'JS'
const { parser } = require("syslogd");
const seen = ["<34>", "<0>"].map((priority) => {
  const { facility, severity, msg } = parser(`${priority}Oct 11 22:14:15 host su[12]: text`, {});
  return [facility, severity, msg];
});
console.log(seen);
require("assert").deepStrictEqual(seen, [
  [2, 4, "text"],
  [0, NaN, "text"],
]);
JS
