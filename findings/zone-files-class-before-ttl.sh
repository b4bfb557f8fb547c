#!/usr/bin/env bash
# A record of a zone file may have its class before its TTL (RFC 1035 section 5.1: both orders). dns-zonefile 0.3.2 (npm)
# drops such a record without an error. dnsz 4.5.2 (npm) makes it a record of type "IN" and loses the TTL. Both read the
# same record with the TTL first.
# Guess: 192.0.2.1 for 60 seconds, twice. Seen: no record; type IN, content "60 A 192.0.2.1", the zone's TTL.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" dns-zonefile@0.3.2 dnsz@4.5.2
NODE_PATH=$folder/node_modules node - <<'JS'
const loaded = require("dns-zonefile");
const zonefile = loaded.default || loaded;
const { parseZone } = require("dnsz");
const HEAD = "$ORIGIN example.org.\n$TTL 300\n";
const lines = ["a 60 IN A 192.0.2.1\n", "a IN 60 A 192.0.2.1\n"];
const seen = lines.map((line) => [
  zonefile.parse(HEAD + line).a,
  parseZone(HEAD + line).records.map(({ ttl, type, content }) => [ttl, type, content]),
]);
console.log(JSON.stringify(seen));
require("assert").deepStrictEqual(JSON.parse(JSON.stringify(seen)), [
  [[{ name: "a", ip: "192.0.2.1", ttl: 60 }], [[60, "A", "192.0.2.1"]]],
  [null, [[300, "IN", "60 A 192.0.2.1"]]],
]);
JS
