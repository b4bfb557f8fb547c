#!/usr/bin/env bash
# Two npm packages read a commit message of Conventional Commits unlike its rules. tiny-conventional-commits-parser
# 0.0.1 returns the type x for "feat-x: a". @conventional-commits/parser 0.4.1 takes a line of the body that
# begins with a URL for a footer named http. Rule 8: a footer is a token, then a colon and a space, or a space and
# #. https://www.conventionalcommits.org
# Guess: feat-x, or no type; a body. Seen: x; the footer http with //example.org/.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @conventional-commits/parser@0.4.1 tiny-conventional-commits-parser@0.0.1
cat >"$folder/probe.mjs" <<'END'
import { parser } from "@conventional-commits/parser";
import { parseCommit } from "tiny-conventional-commits-parser";

const { type, isConventional } = parseCommit({ message: "feat-x: a", body: "", shortHash: "1", author: { name: "A", email: "" } });
console.log(type, isConventional);
const footer = parser("fix: a\n\nhttp://example.org/ is down").children.at(-1);
console.log(footer.type, footer.children.map((child) => child.value ?? child.children.map(({ value }) => value)));
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
x true
footer [ [ 'http' ], ':', [ '//example.org/ is down' ] ]
END
