#!/usr/bin/env bash
# msg-auth-status 0.2.0 (crates.io) finds no result in Authentication-Results if the method or the result is in upper case,
# if the method has a version, or if smtp.mailfrom is an address with a quoted local part; then it drops the results that
# follow as well. RFC 8601 section 2.2: methodspec may have a version, pvalue is a local part of RFC 5321, and ABNF ignores
# case.
# Guess: dkim and spf each time. Seen: both once, then neither.
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
msg-auth-status = "=0.2.0"
mail-parser = "=0.9.4"
END
cat >src/main.rs <<'END'
use mail_parser::MessageParser;
use msg_auth_status::alloc_yes::MessageAuthStatus;

fn main() {
    for text in [
        "dkim=pass header.d=example.com; spf=pass smtp.mailfrom=a@example.com",
        "DKIM=PASS header.d=example.com; spf=pass smtp.mailfrom=a@example.com",
        "dkim/1=pass header.d=example.com; spf=pass smtp.mailfrom=a@example.com",
        "spf=pass smtp.mailfrom=\"a b\"@example.com; dkim=pass header.d=example.com",
    ] {
        let mail = format!("Authentication-Results: mx.example.org; {text}\r\n\r\n");
        let message = MessageParser::default().parse(mail.as_bytes()).unwrap();
        let status = MessageAuthStatus::from_mail_parser(&message).unwrap();
        let results = &status.auth_results[0];
        println!("{text} dkim {} spf {} errors {}", results.dkim_result.len(), results.spf_result.len(), results.errors.len());
    }
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
dkim=pass header.d=example.com; spf=pass smtp.mailfrom=a@example.com dkim 1 spf 1 errors 0
DKIM=PASS header.d=example.com; spf=pass smtp.mailfrom=a@example.com dkim 0 spf 0 errors 1
dkim/1=pass header.d=example.com; spf=pass smtp.mailfrom=a@example.com dkim 0 spf 0 errors 1
spf=pass smtp.mailfrom="a b"@example.com; dkim=pass header.d=example.com dkim 0 spf 0 errors 1
END
