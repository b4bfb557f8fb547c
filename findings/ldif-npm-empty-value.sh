#!/usr/bin/env bash
# ldif 0.5.1 (npm) fails with a TypeError at an attribute with an empty value, which slapcat and ldapsearch write as "description:".
# RFC 2849: the value behind the colon can be empty. https://www.rfc-editor.org/rfc/rfc2849
# Guess: an empty description. Seen: a TypeError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" ldif@0.5.1
cat >"$folder/probe.cjs" <<'END'
const ldif = require("ldif");
for (const line of ["description: a", "description:", "description: "]) {
  try {
    const record = ldif.parse(`dn: cn=a,dc=x\n${line}\nsn: b\n`).shift();
    console.log(JSON.stringify(line), JSON.stringify(record.toObject({})));
  } catch (error) {
    console.log(JSON.stringify(line), error.name, error.message);
  }
}
END
seen=$(cd "$folder" && TZ=UTC node probe.cjs)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"description: a" {"dn":"cn=a,dc=x","attributes":{"description":"a","sn":"b"}}
"description:" TypeError Cannot read properties of null (reading 'type')
"description: " TypeError Cannot read properties of null (reading 'type')
END
