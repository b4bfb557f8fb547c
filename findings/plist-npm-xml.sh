#!/usr/bin/env bash
# Six npm packages read XML property lists that plutil and Python's plistlib read. CDATA is empty for @balena/apple-plist 0.0.3, null
# for plist-parser 0.9.2, and keeps its marks for fast-plist 0.1.3 and plist2 1.1.4. A comment in front of a key makes
# {"undefined":"a"} of it for @atom/plist 0.4.4. plist2 drops an empty string and puts what follows an empty list into it.
# plist2 and @plist/xml.parse 1.1.0 leave &#233; as it is. XML 1.0 sections 2.5 (comments), 2.7 (CDATA), 3.1 (empty elements) and 4.1 (character references).
# Guess: {"a":"<x>"}, {"a":"xy"}, {"a":"","b":""}, {"a":[],"b":false}, {"a":"\u00e9"} each. Seen: the lines at the end.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" @atom/plist@0.4.4 @balena/apple-plist@0.0.3 fast-plist@0.1.3 plist-parser@0.9.2 plist2@1.1.4 @plist/xml.parse@1.1.0
cat >"$folder/probe.cjs" <<'END'
const { PlistParser } = require("plist-parser");
const Balena = require("@balena/apple-plist");
const readers = {
  "@atom/plist": require("@atom/plist").parseStringSync,
  "@balena/apple-plist": (text) => new Balena().parse(text).data,
  "fast-plist": require("fast-plist").parse,
  "plist-parser": (text) => new PlistParser(text).parse(),
  plist2: require("plist2").plist2js,
  "@plist/xml.parse": require("@plist/xml.parse").parse,
};
const documents = [
  "<key>a</key><string><![CDATA[<x>]]></string>",
  "<!-- c --><key>a</key><string>x<!-- d -->y</string>",
  "<key>a</key><string></string><key>b</key><string/>",
  "<key>a</key><array/><key>b</key><false/>",
  "<key>a</key><string>&#233;</string>",
];
for (const [name, read] of Object.entries(readers)) {
  console.log(name);
  for (const document of documents) {
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>${document}</dict></plist>`;
    let seen;
    try {
      seen = JSON.stringify(read(text));
    } catch (error) {
      seen = error.message;
    }
    console.log(" ", seen);
  }
}
END
seen=$(cd "$folder" && TZ=UTC node probe.cjs)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
@atom/plist
  {"a":"<x>"}
  {"undefined":"a"}
  {"a":"","b":""}
  {"a":[],"b":false}
  {"a":"é"}
@balena/apple-plist
  {"a":""}
  {"a":"xy"}
  {"a":"","b":""}
  {"a":[],"b":false}
  {"a":"é"}
fast-plist
  {"a":"<![CDATA[<x>]]>"}
  {"a":"x<!-- d -->y"}
  {"a":"","b":""}
  {"a":[],"b":false}
  {"a":"é"}
plist-parser
  {"a":null}
  {"a":"y"}
  {"a":null,"b":null}
  {"a":[],"b":false}
  {"a":"é"}
plist2
  {"a":"![CDATA[x>]]>"}
  {"a":"xy"}
  {"a":""}
  {"a":[false]}
  {"a":"&#233;"}
@plist/xml.parse
  {"a":"<x>"}
  {"a":"xy"}
  {"a":"","b":""}
  {"a":[],"b":false}
  {"a":"&#233;"}
END
