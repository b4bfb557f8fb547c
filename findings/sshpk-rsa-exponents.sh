#!/usr/bin/env bash
# sshpk 1.18.0 (npm) converts RSA keys of OpenSSH to PEM. OpenSSH's format lacks the exponents d mod (p - 1) and d mod (q - 1)
# of RFC 8017 appendix A.1.2; sshpk subtracts a plain number from a big integer of jsbn to compute them, and writes 0 for both.
# Guess: the key that ssh-keygen -m PEM writes. Seen: the same modulus, primes and private exponent, and two zeros.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" sshpk@1.18.0
ssh-keygen -q -t rsa -b 2048 -N "" -C example -f "$folder/key"
NODE_PATH=$folder/node_modules node - "$folder/key" <<'JS'
const { execFileSync } = require("child_process");
const { createPrivateKey } = require("crypto");
const fs = require("fs");
const assert = require("assert");

const file = process.argv[2];
fs.writeFileSync(`${file}.pem`, require("sshpk").parsePrivateKey(fs.readFileSync(file)).toString("pkcs1"));
execFileSync("ssh-keygen", ["-q", "-p", "-N", "", "-m", "PEM", "-f", file]);
const [right, seen] = [file, `${file}.pem`].map((each) => createPrivateKey(fs.readFileSync(each)).export({ format: "jwk" }));
const number = (text) => BigInt(`0x${Buffer.from(text, "base64url").toString("hex") || "0"}`);
const same = ["n", "e", "d", "p", "q"].filter((part) => right[part] === seen[part]);
console.log(same, number(seen.dp), number(seen.dq));
assert.deepStrictEqual([same.length, number(seen.dp), number(seen.dq)], [5, 0n, 0n]);
assert(number(right.dp) > 0n && number(right.dq) > 0n);
JS
