#!/usr/bin/env bash
# systemd_service_parser 0.1.2 (crates.io) refuses a value that continues on the next line, a comment that starts with a
# semicolon, a section with a hyphen, such as [X-Container], and a file without a line feed at its end. systemd.syntax(7)
# has the first two; names that start with X- are for other programs, says systemd.unit(5).
# Guess: read five times. Seen: once.
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
systemd_service_parser = "=0.1.2"
END
cat >src/main.rs <<'END'
fn main() {
    let texts = [
        "[Unit]\nAfter=a.service\n",
        "[Unit]\nAfter=a.service \\\n  b.service\n",
        "[Unit]\n; comment\nAfter=a.service\n",
        "[X-Container]\nName=a\n",
        "[Unit]\nAfter=a.service",
    ];
    for text in texts {
        println!("{text:?} {}", systemd_service_parser::parse_service_file(text).is_ok());
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"[Unit]\nAfter=a.service\n" true
"[Unit]\nAfter=a.service \\\n  b.service\n" false
"[Unit]\n; comment\nAfter=a.service\n" false
"[X-Container]\nName=a\n" false
"[Unit]\nAfter=a.service" false
END
