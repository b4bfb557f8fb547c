#!/usr/bin/env bash
# keep-a-changelog 3.1.0 (npm) reads 1.0.0+b.5 as 1.0.0 and writes it so, so two releases of a file get one
# name. Semantic Versioning 2.0.0 section 10: the build metadata is a part of the version. A release without a date
# is an error. https://semver.org
# Guess: the same two releases; a release. Seen: 1.0.0 twice; "Syntax error in the release title".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" keep-a-changelog@3.1.0
cat >"$folder/probe.mjs" <<'END'
import { parser } from "keep-a-changelog";

const text = "# Changelog\n\n## [1.0.0+b.5] - 2026-01-02\n\n### Added\n\n- b\n\n## [1.0.0+b.4] - 2026-01-01\n\n### Added\n\n- a\n";
console.log(parser(text).toString().split("\n").filter((line) => line.startsWith("## ")));
try {
  parser("# Changelog\n\n## [1.0.0]\n\n### Added\n\n- a\n");
} catch (error) {
  console.log(error.message);
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
[ '## 1.0.0 - 2026-01-02', '## 1.0.0 - 2026-01-01' ]
Parse error in the line 5: Syntax error in the release title
END
