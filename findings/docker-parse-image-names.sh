#!/usr/bin/env bash
# docker-parse-image 3.0.1 (npm) takes the registry localhost for a namespace, returns null for an image in a folder of two
# levels and writes a digest behind a colon, a reference that Docker refuses. @swimlane/docker-reference 2.0.1 reads all
# three.
# Guess: the registry localhost, the image, ubuntu@sha256:... Seen: null, null, ubuntu:sha256:...
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" docker-parse-image@3.0.1 @swimlane/docker-reference@2.0.1
NODE_PATH=$folder/node_modules node - <<'JS'
const parse = require("docker-parse-image");
const { parseQualifiedName } = require("@swimlane/docker-reference");
const digest = "sha256:" + "b".repeat(64);
const NAMES = ["localhost/foo", "example.org/a/b/c:v1", "ubuntu@" + digest];
const [local, deep, fixed] = NAMES.map((name) => parse(name));
const seen = [local.registry, local.namespace, deep, fixed.name];
const other = NAMES.map((name) => parseQualifiedName(name)).map(({ _domain, _repository }) => [_domain, _repository]);
console.log(seen, other);
require("assert").deepStrictEqual(seen, [null, "localhost", null, "ubuntu:" + digest]);
require("assert").deepStrictEqual(other, [["localhost", "foo"], ["example.org", "a/b/c"], ["", "ubuntu"]]);
JS
