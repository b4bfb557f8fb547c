#!/usr/bin/env bash
# github.com/prometheus/procfs 0.23.0 returns mount points of mountinfo with their octal escapes, so that the path of one with a
# blank does not exist. proc_pid_mounts(5) and fstab(5): blank, tab, line feed and backslash are written as \040, \011, \012, \134.
# Guess: "/mnt/a b", as github.com/moby/sys/mountinfo 0.7.2 reads. Seen: "/mnt/a\040b".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
export GOPATH=$folder/go GOFLAGS="-mod=mod -modcacherw"
cd "$folder"
cat >go.mod <<'END'
module probe
require (
	github.com/prometheus/procfs v0.23.0
	github.com/moby/sys/mountinfo v0.7.2
)
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/sys/mountinfo"
	"github.com/prometheus/procfs"
)

func main() {
	line := `36 35 98:0 / /mnt/a\040b rw - ext4 /dev/sdb1 rw` + "\n"
	folder, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(folder)
	os.Mkdir(filepath.Join(folder, "1"), 0o755)
	os.WriteFile(filepath.Join(folder, "1", "mountinfo"), []byte(line), 0o644)
	root, _ := procfs.NewFS(folder)
	process, _ := root.Proc(1)
	seen, _ := process.MountInfo()
	right, _ := mountinfo.GetMountsFromReader(strings.NewReader(line), nil)
	fmt.Println(right[0].Mountpoint, seen[0].MountPoint)
}
END
seen=$(go run . 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = '/mnt/a b /mnt/a\040b' ]
