#!/usr/bin/env bash
# jmespath 0.16.0, @metrichor/jmespath 0.3.1, @daz.is/jmespath 1.3.1, @gorillastack/jmespath 1.3.0 and jmespath-plus 0.1.7
# (npm) compare with JavaScript's >, so that a filter finds strings beside numbers. JMESPath's specification: ordering is
# for numbers, everything else is null. @jmespath-community/jmespath 1.3.0 does so.
# https://jmespath.org/specification.html#ordering-operators
# Guess: [2], []. Seen: [2,"2"], ["x"].
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" jmespath@0.16.0 @metrichor/jmespath@0.3.1 @jmespath-community/jmespath@1.3.0 @daz.is/jmespath@1.3.1 @gorillastack/jmespath@1.3.0 jmespath-plus@0.1.7
cat >"$folder/probe.js" <<'END'
const names = [
  "@jmespath-community/jmespath",
  "jmespath",
  "@metrichor/jmespath",
  "@daz.is/jmespath",
  "@gorillastack/jmespath",
  "jmespath-plus",
];
const list = [{ b: 1 }, { b: 2 }, { b: "2" }, { b: "x" }];
for (const name of names) {
  const { search } = require(name);
  console.log(name, JSON.stringify([search(list, "[?b > `1`].b"), search(list, "[?b >= 'a'].b")]));
}
END
seen=$(node "$folder/probe.js")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
@jmespath-community/jmespath [[2],[]]
jmespath [[2,"2"],["x"]]
@metrichor/jmespath [[2,"2"],["x"]]
@daz.is/jmespath [[2,"2"],["x"]]
@gorillastack/jmespath [[2,"2"],["x"]]
jmespath-plus [[2,"2"],["x"]]
END
