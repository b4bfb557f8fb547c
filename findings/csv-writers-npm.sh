#!/usr/bin/env bash
# array-to-csv 1.0.1 does not double a quotation mark and does not quote a line feed. nice-json2csv 0.2.2 escapes both with a
# backslash, as JSON does. objects-to-csv 1.3.6 writes true as 1. @vanillaes/csv 3.0.8 and comma-separated-values 3.6.4 write the
# word null for no value. RFC 4180 section 2: a field with a line break or a quotation mark is quoted, and the mark is doubled.
# https://www.rfc-editor.org/rfc/rfc4180
# Guess: "q""r", a quoted line feed, true, an empty field. Seen: "q"r" or "q\"r", no quotes or \n, 1, null.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" array-to-csv@1.0.1 nice-json2csv@0.2.2 objects-to-csv@1.3.6 @vanillaes/csv@3.0.8 comma-separated-values@3.6.4
cat >"$folder/probe.cjs" <<'END'
const rows = [["x,y", 'q"r'], ["l\nm", true], ["z", null]];
const objects = rows.map(([a, b]) => ({ a, b }));
const Csv = require("comma-separated-values");
const Objects = require("objects-to-csv");
(async () => {
  const { stringify } = await import("@vanillaes/csv");
  console.log("array-to-csv", JSON.stringify(require("array-to-csv")(rows)));
  console.log("nice-json2csv", JSON.stringify(require("nice-json2csv").convert(objects)));
  console.log("objects-to-csv", JSON.stringify(await new Objects(objects).toString()));
  console.log("@vanillaes/csv", JSON.stringify(stringify(rows)));
  console.log("comma-separated-values", JSON.stringify(new Csv(objects, { header: true }).encode()));
})();
END
seen=$(cd "$folder" && TZ=UTC node probe.cjs)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
array-to-csv "\"x,y\",\"q\"r\"\nl\nm,true\nz,"
nice-json2csv "\"a\",\"b\"\n\"x,y\",\"q\\\"r\"\n\"l\\nm\",\"true\"\n\"z\",\"\""
objects-to-csv "a,b\n\"x,y\",\"q\"\"r\"\n\"l\nm\",1\nz,\n"
@vanillaes/csv "\"x,y\",\"q\"\"r\"\n\"l\nm\",true\nz,null\n"
comma-separated-values "\"a\",\"b\"\r\n\"x,y\",\"q\"\"r\"\r\n\"l\nm\",\"true\"\r\n\"z\",\"null\""
END
