#!/usr/bin/env bash
# strings-file 0.0.5 (npm), a reader of the .strings files of iOS and macOS, drops an entry with an empty text and
# one behind a comment if the file does not end in a line end, and makes one entry of two in a line. It returns \n
# as two characters, and a name without quotation marks with a blank at its end. A .strings file is a property list:
# an entry ends at its semicolon, and blanks and lines have no meaning.
# Guess: all entries, a line feed, "a". Seen: a missing entry twice, a name with quotation marks, a backslash, "a ".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" strings-file@0.0.5
cat >"$folder/probe.mjs" <<'END'
import strings from "strings-file";

for (const text of ['"a" = "b";\n"c" = "d";\n', '"a" = "";\n"b" = "c";\n', '"a" = "b"; "c" = "d";\n', '/* c */\n"a" = "b";', '"a" = "x\\ny";\n', 'a = "b";\n']) {
  console.log(JSON.stringify(text), JSON.stringify(strings.parse(text)));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"\"a\" = \"b\";\n\"c\" = \"d\";\n" {"a":"b","c":"d"}
"\"a\" = \"\";\n\"b\" = \"c\";\n" {"b":"c"}
"\"a\" = \"b\"; \"c\" = \"d\";\n" {"a\" = \"b\"; \"c":"d"}
"/* c */\n\"a\" = \"b\";" {}
"\"a\" = \"x\\ny\";\n" {"a":"x\\ny"}
"a = \"b\";\n" {"a ":"b"}
END
