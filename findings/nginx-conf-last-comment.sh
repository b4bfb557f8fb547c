#!/usr/bin/env bash
# nginx-conf 2.1.0 (npm) drops the comments behind the last directive of a file and of a block, and moves a comment
# at the end of a line to a line of its own in front of the next directive, so that it seems to be about that one.
# Guess: both comments at the end. Seen: none of them; "# of b" above c.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" nginx-conf@2.1.0
cat >"$folder/probe.mjs" <<'END'
import { NginxConfFile } from "nginx-conf";

for (const text of ["a 1;\n# end\n", "server {\n    a 1;\n    # end\n}\n", "b 1; # of b\nc 1;\n"]) {
  NginxConfFile.createFromSource(text, (error, file) => console.log(JSON.stringify(text), JSON.stringify(file.toString())));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"a 1;\n# end\n" "a 1;\n"
"server {\n    a 1;\n    # end\n}\n" "server {\n    a 1;\n}\n"
"b 1; # of b\nc 1;\n" "b 1;\n# of b\nc 1;\n"
END
