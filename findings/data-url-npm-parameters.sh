#!/usr/bin/env bash
# Six npm packages say whether a string is a data: URL. valid-data-url 5.0.0, parse-data-url 6.0.0, @readme/data-urls 3.0.1
# and data-uri-utils 1.0.15 say no for some of RFC 2397's forms: a charset without a type ("text/plain can be omitted but
# the charset parameter supplied") or a quoted or other parameter; is-data-uri 0.1.0 and data-uri-regex 0.1.4 for all
# without base64. And data-uri-utils makes image/png of a URL without a type, which is text/plain.
# Guess: yes six times each. Seen: two to four of the six for none.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" valid-data-url@5.0.0 parse-data-url@6.0.0 @readme/data-urls@3.0.1 \
  data-uri-utils@1.0.15 is-data-uri@0.1.0 data-uri-regex@0.1.4
NODE_PATH=$folder/node_modules node - <<'JS'
const URLS = ["data:;charset=utf-8,a", 'data:text/plain;charset="utf-8",a', "data:text/plain;a=b,x", "data:text/plain,a"];
const utilities = require("data-uri-utils");
const packages = {
  "valid-data-url": require("valid-data-url"),
  "parse-data-url": (url) => Boolean(require("parse-data-url")(url)),
  "@readme/data-urls": require("@readme/data-urls").validate,
  "data-uri-utils": utilities.test,
  "is-data-uri": require("is-data-uri"),
  "data-uri-regex": (url) => require("data-uri-regex")().test(url),
};
const seen = Object.fromEntries(Object.entries(packages).map(([name, ask]) => [name, URLS.map((url) => ask(url))]));
const normal = utilities.normalize("data:;charset=utf-8,a");
console.log(seen, normal);
require("assert").deepStrictEqual([seen, normal], [
  {
    "valid-data-url": [false, false, true, true],
    "parse-data-url": [false, false, true, true],
    "@readme/data-urls": [false, false, true, true],
    "data-uri-utils": [true, false, false, true],
    "is-data-uri": [false, false, false, false],
    "data-uri-regex": [false, false, false, false],
  },
  "data:image/png;charset=utf-8,a",
]);
JS
