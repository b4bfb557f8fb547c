#!/usr/bin/env bash
# csvjson-csv2json 5.0.6 removes the blanks around values, also of quoted ones, and fails at a row of one empty quoted field, which
# comma-separated-values 3.6.4 drops. RFC 4180 section 2: blanks are part of a field, and "" is a field.
# https://www.rfc-editor.org/rfc/rfc4180
# Guess: " x " and " y ", one row with an empty field. Seen: "x" and "y", an error, no row.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" csvjson-csv2json@5.0.6 comma-separated-values@3.6.4
cat >"$folder/probe.cjs" <<'END'
const { csv2json } = require("csvjson-csv2json");
const Csv = require("comma-separated-values");
for (const text of ['a,b\n x ," y "\n', 'a\n""\n', 'a\n""\nz\n']) {
  for (const read of [csv2json, Csv.parse]) {
    try {
      console.log(JSON.stringify(read(text)));
    } catch (error) {
      console.log(String(error.message ?? error).trim());
    }
  }
}
END
seen=$(cd "$folder" && TZ=UTC node probe.cjs)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
[{"a":"x","b":"y"}]
[["a","b"],[" x "," y "]]
Expected "\"" but "\n" found. On line 2 and column 3.
[["a"]]
Expected "\"" but "\n" found. On line 2 and column 3.
[["a"],["z"]]
END
