#!/usr/bin/env bash
# globify-gitignore 1.0.3 (npm) returns {a,b} of a .gitignore as it is, which a glob library expands, and build/ as build/**,
# which is the folder at the top only, while build becomes **/build. gitignore(5): a slash at the end makes a pattern match
# folders, at any level; git has no braces. https://git-scm.com/docs/gitignore
# Guess: a glob for the file {a,b}, and **/build/**. Seen: **/{a,b} and build/**.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" globify-gitignore@1.0.3
NODE_PATH=$folder/node_modules node - <<'JS'
const { globifyGitIgnore } = require("globify-gitignore");
(async () => {
  const seen = [];
  for (const pattern of ["{a,b}", "build", "build/"]) {
    seen.push((await globifyGitIgnore(pattern)).map(({ glob }) => glob));
  }
  console.log(seen);
  require("assert").deepStrictEqual(seen, [["**/{a,b}", "**/{a,b}/**"], ["**/build", "**/build/**"], ["build/**"]]);
})();
JS
