#!/usr/bin/env bash
# acme-client 5.4.0 (npm): auto() reads the names of an order from the CSR and orders all of them with type dns. An IP address
# needs the type ip (RFC 8738 section 3); an e-mail address and a URI, which alternative names can be, are no names of a host
# at all (RFC 8555 section 9.7.7).
# Guess: dns for example.com, ip for 192.0.2.1. Seen: type dns for example.com, 192.0.2.1, an e-mail address and a URL.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" acme-client@5.4.0
cat >"$folder/openssl.cnf" <<'END'
[req]
distinguished_name = name
req_extensions = extensions
prompt = no
[name]
CN = example.com
[extensions]
subjectAltName = DNS:example.com, IP:192.0.2.1, email:a@example.com, URI:https://example.com/x
END
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -config "$folder/openssl.cnf" \
  -out "$folder/example.csr" 2>/dev/null
cat >"$folder/order.cjs" <<'JS'
const assert = require("node:assert");
const { readFileSync } = require("node:fs");
const auto = require("./node_modules/acme-client/src/auto.js");

const seen = [];
const client = {
  getAccountUrl() {},
  createOrder(order) {
    seen.push(...order.identifiers.map(({ type, value }) => `${type} ${value}`));
    throw new Error("ordered");
  },
};
auto(client, { csr: readFileSync(`${__dirname}/example.csr`), termsOfServiceAgreed: true }).catch((error) => {
  console.log(seen, error.message);
  assert.deepStrictEqual(seen, ["dns example.com", "dns 192.0.2.1", "dns a@example.com", "dns https://example.com/x"]);
});
JS
node "$folder/order.cjs"
