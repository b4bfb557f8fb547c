#!/usr/bin/env bash
# Six npm packages write the word null for a member of a list or map that has no value: @contentgrid/uri-template 0.4.2,
# @hyperjump/uri-template 0.3.0, rfc6570-uri-template 1.1.0, uri-template 2.0.0, uri-template-lite 23.4.0 and uri-templates 0.2.0.
# RFC 6570 section 2.3: null may stand for undefined; section 3.2.1: only defined members are expanded. @hyperjump/uri-template
# also drops the "#" of an empty string (section 3.2.4: "foo{#empty}" is "foo#").
# Guess: "?b=1", as url-template 3.1.1 writes, and "foo#". Seen: "?a=null&b=1" from the six, and "foo".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @contentgrid/uri-template@0.4.2 @hyperjump/uri-template@0.3.0 rfc6570-uri-template@1.1.0 uri-template@2.0.0 uri-template-lite@23.4.0 uri-templates@0.2.0 url-template@3.1.1
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import { createRequire } from "node:module";
import * as contentgrid from "@contentgrid/uri-template";
import * as hyperjump from "@hyperjump/uri-template";
import { parse } from "rfc6570-uri-template";
import { parseTemplate } from "url-template";

const require = createRequire(import.meta.url);
const Template = contentgrid.default.default ?? contentgrid.default;
const { expand } = hyperjump.default ?? hyperjump;
const template = "{?map*}";
const values = { map: { a: null, b: "1" }, empty: "" };
const right = parseTemplate(template).expand(values);
const seen = [
  new Template(template).expand(values),
  expand(template, values),
  parse(template).expand(values),
  require("uri-template").parse(template).expand(values),
  require("uri-template-lite").expand(template, values),
  require("uri-templates")(template).fill(values),
];
const empty = expand("foo{#empty}", values);
console.log(right, seen, empty);
assert.deepStrictEqual([right, empty], ["?b=1", "foo"]);
assert.deepStrictEqual(seen, Array(6).fill("?a=null&b=1"));
JS
node "$folder/probe.mjs"
