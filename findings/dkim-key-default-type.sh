#!/usr/bin/env bash
# dkim-key 1.3.0 (npm) reads a DKIM key record without k= as a key of the type "rsa-sha256", which is the name of a signature
# algorithm. The default of k= is rsa (RFC 6376 section 3.6.1), and the record for a key of
# one's own at SES has no k=: https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-bring-your-own.html
# Guess: rsa twice. Seen: rsa with k=rsa, rsa-sha256 without the tag.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" dkim-key@1.3.0
NODE_PATH=$folder/node_modules node - <<'JS'
const Key = require("dkim-key");
const seen = ["v=DKIM1; k=rsa; p=AAAA", "v=DKIM1; p=AAAA"].map((record) => Key.parse(record).type);
console.log(seen);
require("assert").deepStrictEqual(seen, ["rsa", "rsa-sha256"]);
JS
