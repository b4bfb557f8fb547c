#!/usr/bin/env bash
# dmarc-solution 1.2.5 refuses a DMARC record with a size limit behind the address of reports, and one with an unknown tag.
# RFC 7489 sections 6.2 and 6.3: "!10m" behind an address limits the size of a report, and unknown tags are ignored.
# https://www.rfc-editor.org/rfc/rfc7489
# Guess: a record each. Seen: two errors.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" dmarc-solution@1.2.5
cat >"$folder/probe.cjs" <<'END'
const { parse } = require("dmarc-solution");
(async () => {
  for (const tag of ["rua=mailto:a@example.org", "rua=mailto:a@example.org!10m", "x=1"]) {
    try {
      await parse(`v=DMARC1; p=none; ${tag}`);
      console.log("a record");
    } catch (error) {
      console.log(error.message);
    }
  }
})();
END
seen=$(cd "$folder" && TZ=UTC node probe.cjs)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
a record
Invalid email address in 'rua': 'a@example.org!10m'
Unknown tag 'x'
END
