#!/usr/bin/env bash
# dotignore 0.1.2 and ignore-file 1.1.3 (npm) do not ignore a for **/a, a/b for a/**/b, and a file whose name ends in a blank for
# "a\ ". gitignore(5): a leading "**/" matches in all folders, "/**/" matches zero or more folders, and a backslash keeps a
# blank at the end. https://git-scm.com/docs/gitignore
# Guess: true in all lines, as git check-ignore. Seen: true for x/a and a/x/b, false for a, a/b and "a ", from both.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$folder" dotignore@0.1.2 ignore-file@1.1.3
NODE_PATH=$folder/node_modules node - <<'JS'
const { createMatcher } = require("dotignore");
const { compile } = require("ignore-file");
const cases = [["**/a", "x/a"], ["**/a", "a"], ["a/**/b", "a/x/b"], ["a/**/b", "a/b"], ["a\\ ", "a "]];
const seen = cases.map(([rule, name]) => [createMatcher(rule + "\n").shouldIgnore(name), compile(rule + "\n")(name)]);
cases.forEach((pair, index) => console.log(pair, seen[index]));
require("assert").deepStrictEqual(seen, [[true, true], [false, false], [true, true], [false, false], [false, false]]);
JS
