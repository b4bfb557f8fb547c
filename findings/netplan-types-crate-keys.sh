#!/usr/bin/env bash
# netplan-types 0.8.0 (crates.io) refuses the key of a tunnel and the path cost of the ports of a bridge. The netplan reference:
# key is a scalar or a mapping, for WireGuard a base64 key or the absolute path of a file; netplan reads path-cost as a mapping
# of the ports of a bridge to numbers.
# https://netplan.readthedocs.io/en/stable/netplan-yaml/
# Guess: both read. Seen: two errors, while the same tunnel without its key is read.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"; mkdir src
cat >Cargo.toml <<'END'
[package]
name = "probe"
version = "0.1.0"
edition = "2021"
[dependencies]
netplan-types = "=0.8.0"
serde_yaml = "0.9"
END
cat >src/main.rs <<'END'
use netplan_types::NetplanConfig;

fn main() {
    for text in [
        "network: {version: 2, tunnels: {wg0: {mode: wireguard, port: 51820, peers: []}}}",
        "network: {version: 2, tunnels: {wg0: {mode: wireguard, port: 51820, key: /etc/wg0.key, peers: []}}}",
        "network: {version: 2, bridges: {br0: {interfaces: [eth0], parameters: {path-cost: {eth0: 5}}}}}",
    ] {
        println!("{}", serde_yaml::from_str::<NetplanConfig>(text).map_or_else(|error| error.to_string(), |_| "read".into()));
    }
}
END
seen=$(cargo run -q 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
read
network.tunnels.wg0.key: unknown variant `/etc/wg0.key`, expected `Simple` or `Complex` at line 1 column 74
network.bridges.br0.parameters.path-cost: invalid type: map, expected i32 at line 1 column 83
END
