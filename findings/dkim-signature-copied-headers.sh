#!/usr/bin/env bash
# dkim-signature 1.3.0 (npm) splits the copied header fields of a DKIM signature (z=) at each colon. RFC 6376 section 3.5
# separates fields with |, and has the colon between the name and the value of one.
# Guess: From:a=40example.org and Subject:hi. Seen: three pieces, "From", "a=40example.org|Subject" and "hi".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" dkim-signature@1.3.0
NODE_PATH=$folder/node_modules node - <<'JS'
const seen = require("dkim-signature").parse(
  "v=1; a=rsa-sha256; d=example.org; s=k; h=from:subject; z=From:a=40example.org|Subject:hi; bh=AAAA; b=AAAA",
);
console.log(seen.headers, seen.copiedHeaders);
require("assert").deepStrictEqual(
  [seen.headers, seen.copiedHeaders],
  [["from", "subject"], ["From", "a=40example.org|Subject", "hi"]],
);
JS
