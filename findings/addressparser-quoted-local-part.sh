#!/usr/bin/env bash
# Four npm parsers of address lists lose the quotes of a local part: addressparser 1.0.1, emailjs-addressparser 2.0.3,
# email-addresses 5.0.0 and address-rfc2822 2.2.4. The first two also insert a blank, and take the parenthesis of a nested
# comment for a name. address-rfc2822 formats a display name with a quotation mark without quotes. RFC 5322 section 3.4.1: a
# local part with a blank is a quoted string; section 3.2.2: comments nest.
# Guess: "a b"@example.com; no name; '"a\"b" <c@example.com>'. Seen: "a b @example.com" twice, "a b@example.com" twice; ")";
# 'a"b <...>'.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" addressparser@1.0.1 emailjs-addressparser@2.0.3 email-addresses@5.0.0 address-rfc2822@2.2.4
NODE_PATH=$folder/node_modules node - <<'JS'
const oldest = require("addressparser");
const emailjs = require("emailjs-addressparser").default;
const { parse } = require("address-rfc2822");
const quoted = '"a b"@example.com';
const seen = [
  oldest(quoted)[0].address,
  emailjs(quoted)[0].address,
  require("email-addresses").parseOneAddress(quoted).address,
  parse(quoted)[0].address,
];
const names = [oldest, emailjs].map((read) => read("a@example.com (one (two))")[0].name);
const formatted = parse('"a\\"b" <c@example.com>')[0].format();
console.log(seen, names, formatted);
require("assert").deepStrictEqual(
  [seen, names, formatted],
  [["a b @example.com", "a b @example.com", "a b@example.com", "a b@example.com"], [")", ")"], 'a"b <c@example.com>'],
);
JS
