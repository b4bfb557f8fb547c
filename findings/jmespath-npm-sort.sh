#!/usr/bin/env bash
# jmespath 0.16.0, which AWS's SDK for JavaScript, version 2, has, @metrichor/jmespath 0.3.1, @jmespath-community/jmespath
# 1.3.0, @daz.is/jmespath 1.3.1, @gorillastack/jmespath 1.3.0 and jmespath-plus 0.1.7 (npm) sort numbers as text. JMESPath's
# specification of sort: a list of numbers is sorted by number. sort_by is right.
# https://jmespath.org/specification.html#sort
# Guess: [9,10] six times. Seen: [10,9].
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" jmespath@0.16.0 @metrichor/jmespath@0.3.1 @jmespath-community/jmespath@1.3.0 @daz.is/jmespath@1.3.1 @gorillastack/jmespath@1.3.0 jmespath-plus@0.1.7
cat >"$folder/probe.js" <<'END'
const names = [
  "jmespath",
  "@metrichor/jmespath",
  "@jmespath-community/jmespath",
  "@daz.is/jmespath",
  "@gorillastack/jmespath",
  "jmespath-plus",
];
for (const name of names) {
  const { search } = require(name);
  console.log(name, JSON.stringify([search([10, 9], "sort(@)"), search([10, 9], "sort_by(@, &@)")]));
}
END
seen=$(node "$folder/probe.js")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
jmespath [[10,9],[9,10]]
@metrichor/jmespath [[10,9],[9,10]]
@jmespath-community/jmespath [[10,9],[9,10]]
@daz.is/jmespath [[10,9],[9,10]]
@gorillastack/jmespath [[10,9],[9,10]]
jmespath-plus [[10,9],[9,10]]
END
