#!/usr/bin/env bash
# dataurl 0.1.0 (npm) returns the data of a data: URL with its percent encoding and finds no URL in "data:,".
# strong-data-uri 1.0.6 refuses DATA: and octets that are not UTF-8, keeps the quotation marks of a charset and appends
# three octets to base64 whose padding is percent-encoded. RFC 3986: a scheme has no case; RFC 2397: the octets are the
# URL's own, with quoted values.
# Guess: "A brief note", an empty text; a text, an octet, utf-8, "a". Seen: "A%20brief%20note", false; two errors, "utf-8"
# in quotation marks, four octets.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" dataurl@0.1.0 strong-data-uri@1.0.6
NODE_PATH=$folder/node_modules node - <<'JS'
const { parse } = require("dataurl");
const { decode } = require("strong-data-uri");
const attempt = (url, read) => {
  try {
    return read(decode(url));
  } catch (error) {
    return error.constructor.name;
  }
};
const seen = [
  String(parse("data:,A%20brief%20note").data),
  parse("data:,"),
  attempt("DATA:text/plain,a", String),
  attempt("data:application/octet-stream,%e9", String),
  attempt('data:text/plain;charset="utf-8",a', ({ charset }) => charset),
  attempt("data:text/plain;base64,YQ%3D%3D", (data) => data.length),
];
console.log(seen);
require("assert").deepStrictEqual(seen, ["A%20brief%20note", false, "Error", "URIError", '"utf-8"', 4]);
JS
