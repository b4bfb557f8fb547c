#!/usr/bin/env bash
# csv-string 4.1.1 (npm) returns no row for a text whose first quoted field holds a semicolon, a tab or a bar, since it
# takes the first of these for the separator, inside quotation marks too. With the separator given it reads them. RFC
# 4180 section 2: a field in quotation marks may hold any of them. https://www.rfc-editor.org/rfc/rfc4180
# Guess: one row of two fields in each line. Seen: an empty list for three of them.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" csv-string@4.1.1
cat >"$folder/probe.mjs" <<'END'
import csv from "csv-string";

for (const text of ['"a,b",c', '"a;b",c', '"a|b",c', '"a\tb",c', 'a,"b;c"']) {
  console.log(JSON.stringify(text), JSON.stringify(csv.detect(text)), JSON.stringify(csv.parse(text)), JSON.stringify(csv.parse(text, ",")));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"\"a,b\",c" "," [["a,b","c"]] [["a,b","c"]]
"\"a;b\",c" ";" [] [["a;b","c"]]
"\"a|b\",c" "|" [] [["a|b","c"]]
"\"a\tb\",c" "\t" [] [["a\tb","c"]]
"a,\"b;c\"" "," [["a","b;c"]] [["a","b;c"]]
END
