#!/usr/bin/env bash
# node-cidr 1.0.0 (npm) finds no usable address in a network of /31. RFC 3021 section 2.1: both addresses of such a network
# belong to hosts.
# Guess: 192.0.2.0, 192.0.2.1. Seen: none; of /30 the two in the middle.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" node-cidr@1.0.0
NODE_PATH=$folder/node_modules node - <<'JS'
const { cidr } = require("node-cidr");
const seen = [cidr.usable("192.0.2.0/31"), cidr.usable("192.0.2.0/30")];
console.log(seen);
require("assert").deepStrictEqual(seen, [[], ["192.0.2.1", "192.0.2.2"]]);
JS
