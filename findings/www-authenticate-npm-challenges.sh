#!/usr/bin/env bash
# www-authenticate 0.6.3 (npm) fails with a TypeError at a challenge without parameters, such as Negotiate
# or Bearer alone, makes a parameter abc with the value = of a token abc==, one named "Bearer realm" of a
# second challenge, and refuses an escaped quotation mark and blanks around =. RFC 9110 sections 5.6.4 and
# 11.3. https://www.rfc-editor.org/rfc/rfc9110
# Guess: no parameters; a token; two challenges; a"b; a. Seen: TypeError; abc; one challenge; two errors.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" www-authenticate@0.6.3
cat >"$folder/probe.mjs" <<'END'
import authenticate from "www-authenticate";

for (const text of ['Bearer realm="a", scope="b c"', "Bearer", "Negotiate abc==", 'Basic realm="a", Bearer realm="b"', 'Basic realm="a\\"b"', 'Basic realm = "a"']) {
  try {
    const { scheme, parms, err } = new authenticate.parsers.WWW_Authenticate(text);
    console.log(text, "->", scheme, JSON.stringify(parms), err ?? "");
  } catch (error) {
    console.log(text, "->", error.name);
  }
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
Bearer realm="a", scope="b c" -> Bearer {"realm":"a","scope":"b c"} 
Bearer -> TypeError
Negotiate abc== -> Negotiate {"abc":"="} 
Basic realm="a", Bearer realm="b" -> Basic {"realm":"a","Bearer realm":"b"} 
Basic realm="a\"b" ->  {} Unexpected token (b) after a\"
Basic realm = "a" ->  {} Comma expected after 
END
