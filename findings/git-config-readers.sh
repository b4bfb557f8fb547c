#!/usr/bin/env bash
# gitconfiglocal 2.1.0 and parse-git-config 3.0.0 (npm) read git's configuration as an INI file. Both keep the quotes of a value
# in front of a comment and the last of several values, and make a name of a continued line. gitconfiglocal splits a quoted
# subsection at its dot. git-config(1), "Syntax": a value may be quoted, a backslash continues a line, any character may be in a
# subsection.
# Guess: A B; both fetch lines; "log --oneline"; branch a.b. Seen: quotes; the last; "log \"; branches of a and 'b"'.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" gitconfiglocal@2.1.0 parse-git-config@3.0.0
NODE_PATH=$folder/node_modules node - <<'JS'
const fs = require("fs");
const folder = fs.mkdtempSync(`${require("path").dirname(process.env.NODE_PATH)}/`);
const text = `[user]
	name = "A B" ; note
[remote "o"]
	fetch = +a
	fetch = +b
[alias]
	y = log \\
  --oneline
[branch "a.b"]
	remote = o
`;
fs.mkdirSync(`${folder}/.git`);
fs.writeFileSync(`${folder}/.git/config`, text);
const second = require("parse-git-config").sync({ path: `${folder}/.git/config` });
require("gitconfiglocal")(folder, (error, first) => {
  const seen = [first, second].map(({ user, alias }) => [user.name, alias.y]);
  const fetch = [first.remote.o.fetch, second['remote "o"'].fetch];
  console.log(error, seen, fetch, first.branch);
  require("assert").deepStrictEqual(
    [seen, fetch, JSON.parse(JSON.stringify(first.branch))],
    [Array(2).fill(['"A B"', "log \\"]), ["+b", "+b"], { a: { 'b"': { remote: "o" } } }],
  );
});
JS
