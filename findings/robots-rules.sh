#!/usr/bin/env bash
# robots 0.10.1 and robots-txt-parse 2.0.1 with robots-txt-guard 1.0.2 (npm) apply one of several groups of an agent, and a group of
# Foo to the agent Foobar. robots also uses the first rule that matches. RFC 9309 section 2.2.1: groups of one agent are
# combined, and a crawler looks for its own product token; section 2.2.2: the longest rule is used.
# Guess: /q denied to Foo, /a denied to Foobar, /a/b allowed, as robots-parser 3.0.1 says. Seen: allowed, allowed; denied by robots.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" robots@0.10.1 robots-txt-parse@2.0.1 robots-txt-guard@1.0.2 robots-parser@3.0.1
NODE_PATH=$folder/node_modules node - <<'JS'
const assert = require("assert");
const { Readable } = require("stream");
const text = "User-agent: *\nDisallow: /a\nAllow: /a/b\n\nUser-agent: Foo\nDisallow: /z\n\nUser-agent: Foo\nDisallow: /q\n";
const questions = [["Foo", "/q"], ["Foobar", "/a"], ["Baz", "/a/b"]];
const site = "https://example.com";
const { RobotsParser } = require("robots");
const first = new RobotsParser(`${site}/robots.txt`, "x");
first.parse(text.split("\n"));
const right = require("robots-parser")(`${site}/robots.txt`, text);
require("robots-txt-parse")(Readable.from([text])).then((groups) => {
  const second = require("robots-txt-guard")(groups);
  const seen = questions.map(([agent, path]) => [
    right.isAllowed(site + path, agent),
    first.canFetchSync(agent, path),
    second.isAllowed(agent, path),
  ]);
  console.log(seen);
  assert.deepStrictEqual(seen, [[false, true, true], [false, true, true], [true, false, true]]);
});
JS
