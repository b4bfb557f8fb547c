#!/usr/bin/env bash
# range-parser 1.3.0 and header-range-parser 2.0.0 (npm) call "the last 2000 bytes" of a file of 1000 unsatisfiable. RFC 9110
# section 14.1.2: the whole file is used then. Whoever reads the end of a log this way gets an error 416 while the log is
# short. http-range 1.0.0 refuses a blank between two ranges (section 5.6.1 allows it).
# Guess: 0 to 999 from both; "bytes=0-1,5-9". Seen: -1 from both; "Invalid input".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" range-parser@1.3.0 header-range-parser@2.0.0 http-range@1.0.0
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import { parseRange } from "header-range-parser";
import { Range } from "http-range";
import parser from "range-parser";

const seen = [parser, parseRange].map((parse) => [parse(1000, "bytes=-2000"), parse(1000, "bytes=-500")[0]]);
console.log(seen);
for (const [long, short] of seen) {
  assert.equal(long, -1);
  assert.deepStrictEqual({ ...short }, { start: 500, end: 999 });
}
assert.equal(Range.prototype.parse("bytes=0-1,5-9").toString(), "bytes=0-1,5-9");
assert.throws(() => Range.prototype.parse("bytes=0-1, 5-9"), /Invalid input/);
JS
node "$folder/probe.mjs"
