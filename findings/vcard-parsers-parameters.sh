#!/usr/bin/env bash
# Three npm parsers of vCard. vcard-parser 1.0.0 and vcf 2.1.2 split a quoted parameter at its semicolon, vcf writes another
# parameter back, vcard-parser splits a URL at one, and vcard 0.1.0 ends a URL at its colon and keeps escapes.
# RFC 6350 section 3.3: a quoted parameter may contain ; : and a comma; section 3.4: \, is a comma; section 6.7.8: a URL is one URI.
# Guess: label "A; B"; http://example.com/a;b; "Doe, Jane". Seen: '"A', and TYPE= b" in vcf; two values; "http" and "Doe\, Jane".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" vcard-parser@1.0.0 vcf@2.1.2 vcard@0.1.0
NODE_PATH=$folder/node_modules node - <<'JS'
const assert = require("assert");
const Vcard = require("vcard");
const Vcf = require("vcf");
const parser = require("vcard-parser");

const text = [
  "BEGIN:VCARD",
  "VERSION:4.0",
  "FN:Doe\\, Jane",
  "N:Doe;Jane;;;",
  'ADR;LABEL="A; B":;;1 St;City;;1;US',
  "URL:http://example.com/a;b",
  "END:VCARD",
  "",
].join("\r\n");
const first = parser.parse(text);
const second = new Vcf().parse(text);
const print = console.log;
console.log = () => {};
new Vcard().readData(text, (error, third) => {
  console.log = print;
  const written = second.toString("4.0").match(/ADR[^:]*/)[0];
  console.log(first.adr[0].meta.label, first.url[0].value, second.get("adr").label, written, third.URL, third.FN);
  assert.deepStrictEqual([first.adr[0].meta.label, first.url[0].value], [['"A'], ["http://example.com/a", "b"]]);
  assert.deepStrictEqual([second.get("adr").label, written], ['"A', 'ADR;LABEL="A;TYPE= b"']);
  assert.deepStrictEqual([third.URL, third.FN], ["http", "Doe\\, Jane"]);
});
JS
