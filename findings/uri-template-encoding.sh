#!/usr/bin/env bash
# npm packages encode too much in {+value} and too little in {value}. rfc6570-expand 0.2.0, uritemplate 0.3.4 and uri-template-lite
# 23.4.0 encode the percent sign of a triplet; RFC 6570 section 3.2.3 passes triplets through. uri-templates 0.2.0 and
# @std-uritemplate/std-uritemplate 2.0.12 keep ' ( ) * as they are; section 3.2.2 allows unreserved characters only.
# Guess: "a%20b" and "%27%28%2A%29", as url-template 3.1.1 writes. Seen: "a%2520b" from the first three, "'(*)" from the others.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" rfc6570-expand@0.2.0 uritemplate@0.3.4 uri-template-lite@23.4.0 uri-templates@0.2.0 @std-uritemplate/std-uritemplate@2.0.12 url-template@3.1.1
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import { createRequire } from "node:module";
import * as std from "@std-uritemplate/std-uritemplate";
import { init } from "rfc6570-expand";
import { parseTemplate } from "url-template";

const require = createRequire(import.meta.url);
const { expand } = std.StdUriTemplate ?? std.default.StdUriTemplate;
const right = [parseTemplate("{+v}").expand({ v: "a%20b" }), parseTemplate("{v}").expand({ v: "'(*)" })];
const reserved = [
  init("{+v}").expand({ v: "a%20b" }),
  require("uritemplate").parse("{+v}").expand({ v: "a%20b" }),
  require("uri-template-lite").expand("{+v}", { v: "a%20b" }),
];
const simple = [require("uri-templates")("{v}").fill({ v: "'(*)" }), expand("{v}", { v: "'(*)" })];
console.log(right, reserved, simple);
assert.deepStrictEqual(right, ["a%20b", "%27%28%2A%29"]);
assert.deepStrictEqual(reserved, Array(3).fill("a%2520b"));
assert.deepStrictEqual(simple, ["'(*)", "'(*)"]);
JS
node "$folder/probe.mjs"
