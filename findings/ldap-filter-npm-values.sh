#!/usr/bin/env bash
# ldap-filter 0.3.3 (npm) reads each octet of an escaped UTF-8 character as a character and refuses an attribute written as
# an object identifier or with an option. RFC 4515 section 4 has the filters (sn=Lu\c4\8di\c4\87) and
# (1.3.6.1.4.1.1466.0=\04\02\48\69); RFC 4512 section 2.5 has cn;lang-en.
# Guess: Lučić, and two filters. Seen: seven characters and two errors.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" ldap-filter@0.3.3
NODE_PATH=$folder/node_modules node - <<'JS'
const { parse } = require("ldap-filter");
const seen = ["(sn=Lu\\c4\\8di\\c4\\87)", "(1.3.6.1.4.1.1466.0=\\04\\02\\48\\69)", "(cn;lang-en=a)"].map((text) => {
  try {
    return parse(text).value;
  } catch (error) {
    return error.message;
  }
});
console.log(seen.map(escape));
require("assert").deepStrictEqual(seen, ["Lu\u00c4\u008di\u00c4\u0087", "invalid expression", "invalid expression"]);
JS
