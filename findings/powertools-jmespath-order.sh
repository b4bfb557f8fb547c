#!/usr/bin/env bash
# @aws-lambda-powertools/jmespath 2.36.0 (npm) sorts strings with localeCompare, so "a" comes before "B", takes false, 0 and
# "" for null in not_null, and returns null for the quoted identifier "". JMESPath's specification: strings are ordered by
# code points, not_null returns the first argument that is not null.
# https://jmespath.org/specification.html#sort
# Guess: ["B","a"], false, 7. Seen: ["a","B"], null, null.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @aws-lambda-powertools/jmespath@2.36.0 jmespath@0.16.0
cat >"$folder/probe.js" <<'END'
const powertools = require("@aws-lambda-powertools/jmespath");
const { search } = require("jmespath");
const document = { list: ["a", "B"], no: false, nothing: null, "": 7 };
for (const expression of ["sort(list)", "not_null(nothing, no)", '""']) {
  console.log(expression, JSON.stringify([search(document, expression), powertools.search(expression, document)]));
}
END
seen=$(node "$folder/probe.js")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
sort(list) [["B","a"],["a","B"]]
not_null(nothing, no) [false,null]
"" [7,null]
END
