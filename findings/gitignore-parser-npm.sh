#!/usr/bin/env bash
# gitignore-parser 0.0.2 (npm) finds [a-c].txt and \#x as they are written only, and *.txt, build/ and **/foo in one folder
# only. Its fork @gerhobbelt/gitignore-parser 0.2.0-9 reads these five, but takes [!a] for "a or !" and \*.c for *.c.
# gitignore(5): a pattern without a slash in front of its end matches at any level; brackets and a backslash as in fnmatch(3).
# https://git-scm.com/docs/gitignore
# Guess: true for all lines but a.txt and x.c, as git check-ignore. Seen: false in all lines; b.txt false, a.txt and x.c true.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" gitignore-parser@0.0.2 @gerhobbelt/gitignore-parser@0.2.0-9
NODE_PATH=$folder/node_modules node - <<'JS'
const first = require("gitignore-parser");
const second = require("@gerhobbelt/gitignore-parser");
const seen = [
  ["[a-c].txt", "b.txt"], ["\\#x", "#x"], ["*.txt", "d/.txt"], ["build/", "a/build/x"], ["**/foo", "foo"],
  ["[!a].txt", "b.txt"], ["[!a].txt", "a.txt"], ["\\*.c", "x.c"],
].map(([pattern, path]) => [pattern, path, first.compile(pattern).denies(path), second.compile(pattern).denies(path)]);
console.log(seen);
require("assert").deepStrictEqual(seen, [
  ["[a-c].txt", "b.txt", false, true],
  ["\\#x", "#x", false, true],
  ["*.txt", "d/.txt", false, true],
  ["build/", "a/build/x", false, true],
  ["**/foo", "foo", false, true],
  ["[!a].txt", "b.txt", false, false],
  ["[!a].txt", "a.txt", false, true],
  ["\\*.c", "x.c", false, true],
]);
JS
