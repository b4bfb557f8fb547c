#!/usr/bin/env bash
# codeowners 5.1.1 and codeowners-utils 1.0.2 (npm) match the patterns of a CODEOWNERS file as .gitignore's. GitHub's own
# example: docs/* matches docs/getting-started.md "but not further nested files like docs/build-app/troubleshooting.md".
# codeowners also takes the words of GitHub's "*.js @js-owner #This is an inline comment." for owners.
# Guess: docs@example.com, @all; @js-owner. Seen: docs@example.com twice; six owners.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" codeowners@5.1.1 codeowners-utils@1.0.2
cat >"$folder/CODEOWNERS" <<'END'
* @all
docs/* docs@example.com
*.js @js-owner #This is an inline comment.
END
NODE_PATH=$folder/node_modules node - "$folder" <<'JS'
const Codeowners = require("codeowners");
const { parse, matchFile } = require("codeowners-utils");
const text = require("fs").readFileSync(process.argv[2] + "/CODEOWNERS", "utf8");
const FILES = ["docs/getting-started.md", "docs/build-app/troubleshooting.md", "a.js"];
const owners = new Codeowners(process.argv[2]);
const seen = [FILES.map((file) => owners.getOwner(file)), FILES.map((file) => matchFile(file, parse(text)).owners)];
console.log(seen);
require("assert").deepStrictEqual(seen, [
  [["docs@example.com"], ["docs@example.com"], ["@js-owner", "#This", "is", "an", "inline", "comment."]],
  [["docs@example.com"], ["docs@example.com"], ["@js-owner"]],
]);
JS
