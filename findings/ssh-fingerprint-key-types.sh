#!/usr/bin/env bash
# ssh-fingerprint 0.0.1 (npm) takes the type off an OpenSSH public key only if it is ssh-rsa or ssh-dss. For ecdsa and
# ed25519 keys it decodes the type as if it were base64 and returns the digest of that, without an error.
# Guess: what ssh-keygen -l -E md5 prints, for each type. Seen: that for rsa, another digest for ecdsa and ed25519.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" ssh-fingerprint@0.0.1
for type in rsa ecdsa ed25519; do
  ssh-keygen -q -t "$type" -N "" -C example -f "$folder/$type"
  expected=$(ssh-keygen -l -E md5 -f "$folder/$type.pub" | cut -d' ' -f2)
  seen=$(NODE_PATH=$folder/node_modules node --no-deprecation -p \
    'require("ssh-fingerprint")(require("fs").readFileSync(process.argv[1], "utf8"))' "$folder/$type.pub")
  printf '%-8s %s %s\n' "$type" "$expected" "MD5:$seen"
  case $type in
    rsa) [[ $expected == "MD5:$seen" ]] ;;
    *) [[ $expected != "MD5:$seen" && $seen =~ ^([0-9a-f]{2}:){15}[0-9a-f]{2}$ ]] ;;
  esac
done
