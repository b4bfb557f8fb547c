#!/usr/bin/env bash
# Four npm packages expand an empty list as if it were an empty string: url-template 3.1.1, es6-url-template 3.0.2, uritemplate
# 0.3.4 and @opendoc/uri-template 1.5.4. RFC 6570 section 2.3: a list with zero members is undefined, and section 3.2.1:
# an undefined variable is ignored. A filter of the request then reads "none of them" instead of "not given".
# Guess: "?x=1", as uri-template 2.0.0 writes. Seen: "?list=&x=1" from the four.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" url-template@3.1.1 es6-url-template@3.0.2 uritemplate@0.3.4 @opendoc/uri-template@1.5.4 uri-template@2.0.0
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import { createRequire } from "node:module";
import { UriTemplate } from "@opendoc/uri-template";
import { parseTemplate } from "url-template";

const require = createRequire(import.meta.url);
const Es6 = require("es6-url-template");
const template = "{?list,x}";
const values = { list: [], x: 1 };
const right = require("uri-template").parse(template).expand(values);
const opendoc = new UriTemplate(template);
const seen = [
  parseTemplate(template).expand(values),
  new (Es6.default ?? Es6)(template).expand(values),
  require("uritemplate").parse(template).expand(values),
  (opendoc.expand ?? opendoc.extend).call(opendoc, values),
];
console.log(right, seen);
assert.equal(right, "?x=1");
assert.deepStrictEqual(seen, Array(4).fill("?list=&x=1"));
JS
node "$folder/probe.mjs"
