#!/usr/bin/env bash
# access_log_parser 0.11.0 (crates.io) refuses a line whose first field is a host name, as Apache's with HostnameLookups On,
# and ends the user agent at an escaped quotation mark without an error. The first field of Apache's common format is %h,
# the host; a quotation mark in a field has a backslash.
# https://httpd.apache.org/docs/2.4/mod/mod_log_config.html
# Guess: read, a user agent with marks. Seen: an error, a user agent that ends in a backslash.
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
access_log_parser = "=0.11.0"
END
cat >src/main.rs <<'END'
use access_log_parser::{parse, LogEntry, LogType};

fn main() {
    for (host, agent) in [("192.0.2.1", "a b"), ("192.0.2.1", "a \\\"b\\\" c"), ("host.example.org", "a")] {
        let line = format!("{host} - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2 \"-\" \"{agent}\"");
        match parse(LogType::CombinedLog, &line) {
            Ok(LogEntry::CombinedLog(entry)) => println!("{host} {:?}", entry.user_agent),
            _ => println!("{host} error"),
        }
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
192.0.2.1 Some("a b")
192.0.2.1 Some("a \\")
host.example.org error
END
