#!/usr/bin/env bash
# http-range 1.0.0 (npm) refuses a blank behind the comma of a Range header, and http-range-parse 1.0.0 an empty
# element between two commas. RFC 9110 section 5.6.1: elements of a list have optional white space around the comma,
# and a recipient must accept a reasonable number of empty elements. https://www.rfc-editor.org/rfc/rfc9110
# Guess: two ranges in each line. Seen: "Invalid input"; "Invalid Range format".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" http-range@1.0.0 http-range-parse@1.0.0
cat >"$folder/probe.mjs" <<'END'
import httpRange from "http-range";
import parse from "http-range-parse";

const seen = (read) => {
  try {
    return read();
  } catch (error) {
    return error.message;
  }
};
for (const text of ["bytes=0-1,3-4", "bytes=0-1, 3-4", "bytes=0-1,,3-4"]) {
  console.log(text, "|", seen(() => httpRange.Range.prototype.parse(text).toString()), "|", seen(() => JSON.stringify(parse(text))));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
bytes=0-1,3-4 | bytes=0-1,3-4 | {"unit":"bytes","ranges":[{"first":0,"last":1},{"first":3,"last":4}]}
bytes=0-1, 3-4 | Invalid input | {"unit":"bytes","ranges":[{"first":0,"last":1},{"first":3,"last":4}]}
bytes=0-1,,3-4 | Invalid input | Invalid Range format
END
