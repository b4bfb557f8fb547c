#!/usr/bin/env bash
# mailto-parser 1.0.1 returns subject, body and address with their percent encoding, and takes "?to=" for an address. mailto-link
# 2.0.0 does not encode the address, so that a percent sign and a comma change it. RFC 6068 sections 2 and 5: percent signs and
# commas of an address are encoded, and "mailto:?to=" is the same as an address in front. https://www.rfc-editor.org/rfc/rfc6068
# Guess: "a b", gorby%kremvax@example.com, a@example.org; gorby%25kremvax and a%2Cb in the link. Seen: none of these.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" mailto-parser@1.0.1 mailto-link@2.0.0
cat >"$folder/probe.cjs" <<'END'
const { parse } = require("mailto-parser");
const link = require("mailto-link");
for (const uri of ["mailto:gorby%25kremvax@example.com?subject=a%20b", "mailto:?to=a@example.org&subject=x"]) {
  const { addresses, attributeKey } = parse(uri);
  console.log(JSON.stringify(addresses), JSON.stringify(attributeKey));
}
console.log(link({ to: ["gorby%kremvax@example.com", '"a,b"@example.org'] }));
END
seen=$(cd "$folder" && TZ=UTC node probe.cjs)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
["gorby%25kremvax@example.com"] {"subject":"a%20b"}
["?to=a@example.org&subject=x"] {}
mailto:gorby%kremvax@example.com,"a,b"@example.org
END
