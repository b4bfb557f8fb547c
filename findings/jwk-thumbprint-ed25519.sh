#!/usr/bin/env bash
# keypairs 1.2.14 and jwk-thumbprint 0.1.4 (npm) have no right thumbprint of an Ed25519 key, and report no error. RFC 8037
# appendix A.3 gives the thumbprint of the key below; both are right for RSA and ECDSA keys.
# Guess: kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k. Seen: LdiJpCQIiGgmQwhjCI8jMJIaQKX11zh69ZpJOFViI38, and undefined.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" keypairs@1.2.14 jwk-thumbprint@0.1.4
NODE_PATH=$folder/node_modules node - <<'JS'
const KEY = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
const members = JSON.stringify({ crv: KEY.crv, kty: KEY.kty, x: KEY.x });
const right = require("crypto").createHash("sha256").update(members).digest("base64url");
const second = require("jwk-thumbprint").jwkThumbprintByEncoding(KEY, "SHA-256", "base64url");
require("keypairs").thumbprint({ jwk: KEY }).then((first) => {
  console.log(right, first, second);
  require("assert").deepStrictEqual(
    [right, first, second],
    ["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "LdiJpCQIiGgmQwhjCI8jMJIaQKX11zh69ZpJOFViI38", undefined],
  );
});
JS
