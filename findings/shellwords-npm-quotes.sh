#!/usr/bin/env bash
# shellwords 1.1.1 (npm) drops an empty argument in quotation marks and removes every backslash inside quotation
# marks of both kinds. A shell removes none inside single ones, and inside double ones only those in front of $, `,
# ", \ and a line feed. shlex 3.0.0 (npm) and shlex of Python agree with the shell. POSIX, Shell Command Language,
# 2.2. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
# Guess: an empty argument twice; b\c; b\nc. Seen: no argument; bc; bnc.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" shellwords@1.1.1 shlex@3.0.0
cat >"$folder/probe.mjs" <<'END'
import * as shellwords from "shellwords";
import * as shlex from "shlex";

for (const text of ['a ""', "a ''", "a 'b\\c'", 'a "b\\nc"', 'a "b\\"c"']) {
  console.log(text, JSON.stringify(shellwords.split(text)), JSON.stringify(shlex.split(text)));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
a "" ["a"] ["a",""]
a '' ["a"] ["a",""]
a 'b\c' ["a","bc"] ["a","b\\c"]
a "b\nc" ["a","bnc"] ["a","b\\nc"]
a "b\"c" ["a","b\"c"] ["a","b\"c"]
END
