#!/usr/bin/env bash
# pofile 1.1.4 (npm) keeps the blank in front of the second flag of a line, so " c-format" is true and c-format is not,
# and makes one string with quotation marks of two strings in a line. gettext-parser 7.0.1 reads both, and turns \101,
# which is A, into 101. The gettext manual: flags are separated by commas; adjacent strings are joined; escapes are
# those of C.
# Guess: fuzzy and c-format; ab; A. Seen: fuzzy and " c-format"; a" "b; 101 from gettext-parser.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" pofile@1.1.4 gettext-parser@7.0.1
cat >"$folder/probe.mjs" <<'END'
import gettextParser from "gettext-parser";
import PO from "pofile";

for (const text of ['#, fuzzy, c-format\nmsgid "a"\nmsgstr "b"\n', 'msgid "a" "b"\nmsgstr "c"\n', 'msgid "x"\nmsgstr "\\101"\n']) {
  const { msgid, msgstr, flags } = PO.parse(`msgid ""\nmsgstr ""\n\n${text}`).items[0];
  console.log(JSON.stringify([msgid, msgstr, flags]));
  const other = gettextParser.po.parse(`msgid ""\nmsgstr ""\n\n${text}`).translations[""];
  console.log(JSON.stringify(Object.values(other).filter((entry) => entry.msgid)));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
["a",["b"],{"fuzzy":true," c-format":true}]
[{"msgid":"a","comments":{"flag":"fuzzy, c-format"},"msgstr":["b"]}]
["a\" \"b",["c"],{}]
[{"msgid":"ab","msgstr":["c"]}]
["x",["A"],{}]
[{"msgid":"x","msgstr":["101"]}]
END
