#!/usr/bin/env bash
# @plist/openstep.parse 1.1.1 (npm) reads the escapes of JSON: it takes \u00e9 and refuses \U00e9, \a and \101,
# which are those of a property list, and a line feed inside a string. In an old-style property list, such as a
# .strings file, \U and four digits are a UTF-16 code unit, and a string may have several lines.
# Guess: the letter; a control character; A; two lines. Seen: four errors of a JSON parser.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @plist/openstep.parse@1.1.1
cat >"$folder/probe.mjs" <<'END'
import { parse } from "@plist/openstep.parse";

for (const text of ['{a = "\\u00e9";}', '{a = "\\U00e9";}', '{a = "\\a";}', '{a = "\\101";}', '{a = "x\ny";}']) {
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
"{a = \"\\u00e9\";}" {"a":"é"}
"{a = \"\\U00e9\";}" SyntaxError
"{a = \"\\a\";}" SyntaxError
"{a = \"\\101\";}" SyntaxError
"{a = \"x\ny\";}" SyntaxError
END
