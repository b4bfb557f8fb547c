#!/usr/bin/env bash
# quoted-printable 1.0.1 (npm) removes one of several blanks at the end of a line, and so does not join lines if blanks follow the
# "=" of a soft line break. RFC 2045 section 6.7 (3): any white space at the end of a line was added in transit and is deleted.
# Guess: "a\r\nb" and "ab", as libqp 2.1.1 reads the second. Seen: "a \r\nb" and "a= \r\nb".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" quoted-printable@1.0.1 libqp@2.1.1
NODE_PATH=$folder/node_modules node - <<'JS'
const seen = ["a  \r\nb", "a=  \r\nb"].map(require("quoted-printable").decode);
const right = Buffer.from(require("libqp").decode("a=  \r\nb")).toString();
console.log(seen, right);
require("assert").deepStrictEqual([seen, right], [["a \r\nb", "a= \r\nb"], "ab"]);
JS
