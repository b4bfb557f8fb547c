#!/usr/bin/env bash
# ssh-config-parser 0.0.0 (npm) gives the keywords of a Match block to the Host block before it, and loses a keyword that an
# equals sign separates from its value. ssh_config(5): a section ends at the next Host or Match, and "=" may separate.
# Guess: no user for host a; port 22. Seen: user u; no port, but an empty keyword.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" ssh-config-parser@0.0.0
NODE_PATH=$folder/node_modules node - <<'JS'
const parse = require("ssh-config-parser");
const match = parse("Host a\n  HostName a.example\nMatch host b\n  User u\n")[0];
const equals = parse("Host a\n  HostName a.example\n  Port=22\n  User u\n")[0];
console.log(match, equals);
require("assert")(match.Host === "a" && match.User === "u" && !equals.Port && "" in equals);
JS
