#!/usr/bin/env bash
# @orcid/bibtex-parse-js 0.0.25 (npm) throws "this.string is not a function" at an @string, refuses an entry in round
# brackets, and ends a text at a quotation mark inside braces, after which the fields of the entry are lost. BibTeX
# has all three; bibtex-parse 2.1.0 (npm) reads them. https://ctan.org/pkg/bibtex
# Guess: "J x"; a; A {"}b{"} c and 2020. Seen: two errors; A {" alone.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @orcid/bibtex-parse-js@0.0.25 bibtex-parse@2.1.0
cat >"$folder/probe.mjs" <<'END'
import orcid from "@orcid/bibtex-parse-js";
import other from "bibtex-parse";

for (const text of ['@misc{k, title = "a", year = 2020}', '@string{j = "J"}\n@misc{k, title = j # " x"}', "@misc(k, title = {a})", '@misc{k, title = "A {"}b{"} c", year = 2020}']) {
  let seen;
  try {
    seen = JSON.stringify(orcid.toJSON(text).map(({ entryTags }) => entryTags));
  } catch (error) {
    seen = String(error.message ?? error);
  }
  console.log(seen, JSON.stringify(other.entries(text).map(({ TITLE, YEAR }) => [TITLE, YEAR])));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
[{"title":"a","year":"2020"}] [["a",2020]]
this.string is not a function [["J x",null]]
Token mismatch: match [["a",null]]
[{"title":"A {"}] [["A \"b\" c",2020]]
END
