#!/usr/bin/env bash
# jsonpath-plus 11.3.0, jsonpath-faster 0.0.12 and @f5io/jsonpath 1.0.9 (npm) evaluate a filter as JavaScript with ==, so
# that the number 2 equals '2' and a missing member null, and find nothing at the index -1; @f5io/jsonpath also ignores the
# step of a slice. RFC 9535 sections 2.3.3 to 2.3.5: values of two types are not equal, nor is a missing one null, and
# negative indexes count from the end. json-p3 2.3.1 does so.
# https://www.rfc-editor.org/rfc/rfc9535
# Guess: ["2"], [], ["2"], [1,"2"]. Seen: 2 and "2" twice, nothing, and three values for @f5io/jsonpath.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" json-p3@2.3.1 jsonpath-plus@11.3.0 jsonpath-faster@0.0.12 @f5io/jsonpath@1.0.9
cat >"$folder/probe.js" <<'END'
const document = { a: [{ b: 1, c: 0 }, { b: 2 }, { b: "2" }] };
const readers = {
  "json-p3": (path) => require("json-p3").query(path, document).values(),
  "jsonpath-plus": (path) => require("jsonpath-plus").JSONPath({ path, json: document }),
  "jsonpath-faster": (path) => require("jsonpath-faster").query(document, path),
  "@f5io/jsonpath": (path) => require("@f5io/jsonpath").default(path, document),
};
for (const path of ["$.a[?(@.b=='2')].b", "$.a[?(@.c==null)].b", "$.a[-1].b", "$.a[::2].b"]) {
  for (const name in readers) console.log(path, name, JSON.stringify(readers[name](path)));
}
END
seen=$(node "$folder/probe.js")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
$.a[?(@.b=='2')].b json-p3 ["2"]
$.a[?(@.b=='2')].b jsonpath-plus [2,"2"]
$.a[?(@.b=='2')].b jsonpath-faster [2,"2"]
$.a[?(@.b=='2')].b @f5io/jsonpath [2,"2"]
$.a[?(@.c==null)].b json-p3 []
$.a[?(@.c==null)].b jsonpath-plus [2,"2"]
$.a[?(@.c==null)].b jsonpath-faster [2,"2"]
$.a[?(@.c==null)].b @f5io/jsonpath [2,"2"]
$.a[-1].b json-p3 ["2"]
$.a[-1].b jsonpath-plus []
$.a[-1].b jsonpath-faster []
$.a[-1].b @f5io/jsonpath undefined
$.a[::2].b json-p3 [1,"2"]
$.a[::2].b jsonpath-plus [1,"2"]
$.a[::2].b jsonpath-faster [1,"2"]
$.a[::2].b @f5io/jsonpath [1,2,"2"]
END
