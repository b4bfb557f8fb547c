#!/usr/bin/env bash
# mimetext 3.0.28 (npm) composes raw mail, for SES or Cloudflare for example. It labels text with 8-bit octets 7bit, does not
# escape quotation marks of a file name, writes one encoded word of any length for the subject, and ends lines as the operating
# system does. RFC 2045 section 2.7: 7bit data has no octets above 127; RFC 2183 section 2: a file name is a quoted string; RFC
# 2047 section 2: 75 characters at most; RFC 5322 section 2.3: lines end in CRLF.
# Guess: base64 or 8bit; "a \"b\".txt"; 75 or less. Seen: 7bit; "a "b".txt"; a subject of 252 characters.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" mimetext@3.0.28
cat >"$folder/probe.mjs" <<'JS'
import assert from "node:assert";
import { createMimeMessage } from "mimetext";

const message = createMimeMessage();
message.setSender("a@example.com");
message.setRecipient("b@example.com");
message.setSubject("\u6f22".repeat(60));
message.addMessage({ contentType: "text/plain", data: "\u00fc" });
message.addAttachment({ filename: 'a "b".txt', contentType: "text/plain", data: "eA==" });
const raw = message.asRaw();
const encoding = raw.match(/Content-Transfer-Encoding: (.*)\n\n\u00fc/)[1];
const name = raw.match(/filename=(.*)/)[1];
const word = raw.match(/Subject: (.*)/)[1];
console.log(encoding, name, word.length, raw.includes("\r\n"));
assert.deepStrictEqual(
  [encoding, name, word.length, raw.includes("\r\n")],
  ["7bit", '"a "b".txt"', 252, false],
);
JS
node "$folder/probe.mjs"
