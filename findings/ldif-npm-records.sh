#!/usr/bin/env bash
# ldif 0.5.1 (npm) fails with a TypeError at an attribute without a value and takes a change with a control for a record whose
# attributes are control and changetype. RFC 2849: value-spec may be ":" alone, and change-record starts with any controls.
# Guess: an empty value; a change. Seen: a TypeError; a record of the type content.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" ldif@0.5.1
NODE_PATH=$folder/node_modules node - <<'JS'
const { parse } = require("ldif");
let empty;
try {
  empty = parse("dn: cn=a\ncn:\n");
} catch (error) {
  empty = error.constructor.name;
}
const { type, entries } = parse("dn: cn=a\ncontrol: 1.2.3 true: x\nchangetype: delete\n");
const seen = [empty, type, entries[0].attributes.map(({ attribute }) => attribute.attribute)];
console.log(seen);
require("assert").deepStrictEqual(seen, ["TypeError", "content", ["control", "changetype"]]);
require("assert").strictEqual(parse("dn: cn=a\nchangetype: delete\n").type, "changes");
JS
