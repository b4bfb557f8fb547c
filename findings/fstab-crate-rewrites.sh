#!/usr/bin/env bash
# fstab 0.4.0 (crates.io): add_entry writes the file anew without its comments and without each line that has four or five
# fields, such as "UUID=... / ext4 defaults", and it returns mount points with \040 as written. fstab(5): the last two
# fields are optional, and \040 is a space.
# Guess: the old file and a line more, "/mnt/a b". Seen: one old line and a new one, /mnt/a\040b.
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
fstab = "=0.4.0"
END
cat >src/main.rs <<'END'
use fstab::{FsEntry, FsTab};
use std::path::{Path, PathBuf};

fn main() {
    let text = "# the root\n/dev/vda1 / ext4 defaults\n/dev/vdb1 /mnt/a\\040b ext4 defaults 0 2\n";
    std::fs::write("fstab", text).unwrap();
    let table = FsTab::new(Path::new("fstab"));
    for entry in table.get_entries().unwrap() {
        println!("{:?}", entry.mountpoint);
    }
    let entry = FsEntry {
        fs_spec: "tmpfs".into(),
        mountpoint: PathBuf::from("/tmp"),
        vfs_type: "tmpfs".into(),
        mount_options: vec!["nosuid".into()],
        dump: false,
        fsck_order: 0,
    };
    table.add_entry(entry).unwrap();
    print!("{}", std::fs::read_to_string("fstab").unwrap());
}
END
seen=$(cargo run --quiet 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"/mnt/a\\040b"
/dev/vdb1 /mnt/a\040b ext4 defaults 0 2
tmpfs /tmp tmpfs nosuid 0 0
END
