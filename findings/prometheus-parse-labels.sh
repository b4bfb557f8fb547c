#!/usr/bin/env bash
# prometheus-parse 0.2.5 (crates.io), on valid text of Prometheus: a label is cut at a comma and dropped if it has an equals
# sign, a sample is dropped if a label has a closing brace, such as the route "/{id}", if its name has a colon, as those of
# recording rules do, or if its braces are empty. The name of a label after a blank keeps the blank.
# https://prometheus.io/docs/instrumenting/exposition_formats/
# Guess: each with its labels. Seen: path = /x, no label, then nothing three times, " m".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export CARGO_TARGET_DIR=$folder/target
cd "$folder"; mkdir src
cat >Cargo.toml <<'END'
[package]
name = "probe"
version = "0.1.0"
edition = "2021"

[dependencies]
prometheus-parse = "=0.2.5"
END
cat >src/main.rs <<'END'
fn main() {
    for text in [
        r#"a{path="/x,y"} 1"#,
        r#"a{query="b=c"} 1"#,
        r#"a{route="/{id}"} 1"#,
        "job:a:rate5m 1",
        "a{} 1",
        r#"a{p="x", m="y"} 1"#,
    ] {
        let scrape = prometheus_parse::Scrape::parse(text.lines().map(|line| Ok(line.to_string()))).unwrap();
        print!("{text}  ->");
        for sample in scrape.samples {
            let mut labels: Vec<_> = sample.labels.iter().collect();
            labels.sort();
            print!(" {} {labels:?}", sample.metric);
        }
        println!();
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
a{path="/x,y"} 1  -> a [("path", "/x")]
a{query="b=c"} 1  -> a []
a{route="/{id}"} 1  ->
job:a:rate5m 1  ->
a{} 1  ->
a{p="x", m="y"} 1  -> a [(" m", "y"), ("p", "x")]
END
