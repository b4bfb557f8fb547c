#!/usr/bin/env bash
# markty-toml 0.1.1 (npm) leaves a comment in a value, returns an empty string as two quotation marks, 1_000 as a
# string, and the first line of a text in three quotation marks as three quotation marks, without an error. A comma
# after the last element is one. TOML 1.0.0: comments, strings, integers. https://toml.io/en/v1.0.0
# Guess: 1, "", 1000, x. Seen: "1 # d", "\"\"", "1_000", "\"\"\"".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" markty-toml@0.1.1
cat >"$folder/probe.mjs" <<'END'
import parse from "markty-toml";

for (const text of ["a = 1 # d", 'a = ""', "a = 1_000", 'a = """\nx"""', "a = [1, 2,]"]) {
  try {
    console.log(JSON.stringify(text), JSON.stringify(parse(text)));
  } catch (error) {
    console.log(JSON.stringify(text), error.name);
  }
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"a = 1 # d" {"a":"1 # d"}
"a = \"\"" {"a":"\"\""}
"a = 1_000" {"a":"1_000"}
"a = \"\"\"\nx\"\"\"" {"a":"\"\"\""}
"a = [1, 2,]" SyntaxError
END
