#!/usr/bin/env bash
# Four npm packages misread the weights of Accept-Language. accept-language-parser 1.5.0 and parse-accept-language 3.0.0 drop a
# weight with a blank in front of its semicolon, and the first then lists a language named q. resolve-accept-language 3.2.2
# chooses a language with the weight 0. acc-lang-parser 1.0.4 ignores weights and takes the script Hant for the country HA.
# RFC 9110 section 12.4.2: blanks are allowed around the semicolon, and 0 means "not acceptable".
# Guess: 0.3; 0.3; en-US; de in front of en. Seen: 1 and "q"; 1; fr-CA; en in front of de, and HA.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" accept-language-parser@1.5.0 parse-accept-language@3.0.0 resolve-accept-language@3.2.2 acc-lang-parser@1.0.4
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import { createRequire } from "node:module";
import parseRequest from "parse-accept-language";
import { resolveAcceptLanguage } from "resolve-accept-language";

const require = createRequire(import.meta.url);
const { extractAllLangs } = require("acc-lang-parser");
const header = "de;q=0.5, en ; q=0.3";
const seen = [
  require("accept-language-parser").parse(header).map(({ code, quality }) => [code, quality]),
  parseRequest({ headers: { "accept-language": header } }).map(({ value, q }) => [value, q]),
  resolveAcceptLanguage("*;q=0.5, fr-CA;q=0", ["en-US", "fr-CA"], "en-US"),
  extractAllLangs("en;q=0.1, de;q=0.9").map(({ language }) => language),
  extractAllLangs("zh-Hant-TW")[0].locale,
];
console.log(seen);
assert.deepStrictEqual(seen, [
  [["en", 1], ["q", 1], ["de", 0.5]],
  [["en", 1], ["de", 0.5]],
  "fr-CA",
  ["en", "de"],
  "HA",
]);
JS
node "$folder/probe.mjs"
