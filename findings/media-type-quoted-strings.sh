#!/usr/bin/env bash
# Two npm parsers of Content-Type lose quoted parameters. content-type-parser 1.0.2 splits a quoted string at its semicolon and
# its blank, and media-type 1.0.1 ends one at an escaped quotation mark. RFC 9110 section 5.6.4: both may be inside.
# Guess: "x;y", "b c", 'x"y'. Seen: '"x', '"b' and "x\".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" content-type-parser@1.0.2 media-type@1.0.1
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import contentType from "content-type-parser";
import { MediaType } from "media-type";

const seen = ['text/plain;a="x;y"', 'text/plain;a="b c"'].map((text) => contentType(text).get("a"));
seen.push(MediaType.parse('text/plain;a="x\\"y"').parameters.get("a"));
console.log(seen);
assert.deepStrictEqual(seen, ['"x', '"b', "x\\"]);
JS
node "$folder/probe.mjs"
