#!/usr/bin/env bash
# md-front-matter 1.0.4 cuts the text at a horizontal rule (---), and takes lines between two of them in the middle of a text for
# front matter. frontmatter 0.0.3 and md-front-matter end the block at an indented --- inside a YAML string, and find no front
# matter in a file that ends behind it. yaml-front-matter 4.1.1 keeps the line feed behind the mark, and
# @igor.dvlpr/strip-yaml-front-matter 1.0.0 removes the indent of code. Jekyll: front matter is first and between lines of ---.
# https://jekyllrb.com/docs/front-matter/
# Guess: all of "x\n\n---\n\ny\n", no front matter, "a\n---\nb\n", {t: "a"}, "    code\n". Seen: the lines at the end.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" frontmatter@0.0.3 md-front-matter@1.0.4 yaml-front-matter@4.1.1 @igor.dvlpr/strip-yaml-front-matter@1.0.0
cat >"$folder/probe.cjs" <<'END'
const texts = {
  rule: "---\nt: a\n---\nx\n\n---\n\ny\n",
  middle: "x\n---\nt: a\n---\ny\n",
  block: "---\nt: |\n  a\n  ---\n  b\n---\nx\n",
  end: "---\nt: a\n---",
  code: "---\nt: a\n---\n    code\n",
};
const { matter } = require("md-front-matter");
(async () => {
  const { stripString } = await import("@igor.dvlpr/strip-yaml-front-matter");
  const readers = {
    frontmatter: require("frontmatter"),
    "md-front-matter": matter,
    "yaml-front-matter": require("yaml-front-matter").loadFront,
    "strip-yaml-front-matter": stripString,
  };
  for (const [name, read] of Object.entries(readers)) {
    for (const [kind, text] of Object.entries(texts)) console.log(name, kind, JSON.stringify(read(text)));
  }
})();
END
seen=$(cd "$folder" && TZ=UTC node probe.cjs)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
frontmatter rule {"data":{"t":"a"},"content":"x\n\n---\n\ny\n"}
frontmatter middle {"data":null,"content":"x\n---\nt: a\n---\ny\n"}
frontmatter block {"data":{"t":"a\n"},"content":"  b\n---\nx\n"}
frontmatter end {"data":null,"content":"---\nt: a\n---"}
frontmatter code {"data":{"t":"a"},"content":"    code\n"}
md-front-matter rule {"data":{"t":"a"},"content":"x\n\n"}
md-front-matter middle {"data":{"t":"a"},"content":"y\n"}
md-front-matter block {"data":{"t":"a\n"},"content":"  b\n"}
md-front-matter end {"content":"---\nt: a\n---"}
md-front-matter code {"data":{"t":"a"},"content":"    code\n"}
yaml-front-matter rule {"t":"a","__content":"\nx\n\n---\n\ny\n"}
yaml-front-matter middle {"__content":"x\n---\nt: a\n---\ny\n"}
yaml-front-matter block {"t":"a\n---\nb\n","__content":"\nx\n"}
yaml-front-matter end {"t":"a","__content":""}
yaml-front-matter code {"t":"a","__content":"\n    code\n"}
strip-yaml-front-matter rule "x\n\n---\n\ny"
strip-yaml-front-matter middle "x\n---\nt: a\n---\ny"
strip-yaml-front-matter block "x"
strip-yaml-front-matter end ""
strip-yaml-front-matter code "code"
END
