#!/usr/bin/env bash
# hostile 1.4.0 (npm) reads a line of the hosts file that begins with blanks as a blank for the address and the whole
# line for the name, returns several names as one string with their blanks, and drops a comment behind the names even
# where it keeps those of a line, so set and remove delete it. hosts(5): fields are separated by any number of blanks;
# text from # to the end of the line is a comment.
# Guess: 192.0.2.3 and e; the comment. Seen: a blank and "192.0.2.3\te"; no comment.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" hostile@1.4.0
cat >"$folder/probe.mjs" <<'END'
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import hostile from "hostile";

const file = fileURLToPath(new URL("hosts", import.meta.url));
writeFileSync(file, "# one\n192.0.2.1 a b   c\n192.0.2.2 d # two\n  192.0.2.3\te\n");
for (const line of hostile.getFile(file, true)) console.log(JSON.stringify(line));
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"# one"
["192.0.2.1","a b   c"]
["192.0.2.2","d"]
[" ","192.0.2.3\te"]
""
END
