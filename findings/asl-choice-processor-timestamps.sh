#!/usr/bin/env bash
# @wmfs/asl-choice-processor 1.24.1 decides Choice states of the Amazon States Language. It compares timestamps as strings, so
# offsets count for nothing; null is less than 5; And cannot hold a Not; StringMatches and IsNumeric do not exist.
# https://states-language.net/spec.html#choice-state (timestamps: RFC 3339, compared as such; types must match; nesting)
# Guess: equal, not later, no, yes, yes, yes. Seen: no, yes, yes, AssertionError, TypeError, TypeError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @wmfs/asl-choice-processor@1.24.1
cat >"$folder/choose.cjs" <<'JS'
const assert = require("node:assert");
const processor = require("@wmfs/asl-choice-processor");

const NOON = "2026-01-01T12:00:00Z";
function choose(rule, input) {
  try {
    return processor({ Choices: [{ ...rule, Next: "yes" }], Default: "no" })(input);
  } catch (error) {
    return error.name;
  }
}

const seen = [
  choose({ Variable: "$.at", TimestampEquals: NOON }, { at: "2026-01-01T13:00:00+01:00" }),
  choose({ Variable: "$.at", TimestampGreaterThan: NOON }, { at: "2026-01-01T12:30:00+01:00" }),
  choose({ Variable: "$.n", NumericLessThan: 5 }, { n: null }),
  choose({ And: [{ Variable: "$.n", NumericEquals: 1 }, { Not: { Variable: "$.n", NumericEquals: 2 } }] }, { n: 1 }),
  choose({ Variable: "$.key", StringMatches: "log-*.txt" }, { key: "log-1.txt" }),
  choose({ Variable: "$.n", IsNumeric: true }, { n: 1 }),
];
console.log(seen);
assert.deepStrictEqual(seen, ["no", "yes", "yes", "AssertionError", "TypeError", "TypeError"]);
JS
node "$folder/choose.cjs"
