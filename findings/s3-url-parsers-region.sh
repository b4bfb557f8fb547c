#!/usr/bin/env bash
# amazon-s3-uri 1.0.0, amazon-s3-url 1.0.3 and s3-url-parser 1.0.3 (npm) take the word after "s3-" in a host name for the
# region: a bucket with Transfer Acceleration is in the region "accelerate". s3-url-parser also moves the end of a host name
# in China into the key. https://docs.aws.amazon.com/AmazonS3/latest/userguide/transfer-acceleration-getting-started.html
# https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-Beijing.html
# Guess: no region for the first, the key k for both. Seen: accelerate, three times, and the key .cn/k.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" amazon-s3-uri@1.0.0 amazon-s3-url@1.0.3 s3-url-parser@1.0.3
NODE_PATH=$folder/node_modules node - <<'JS'
const amazonUri = require("amazon-s3-uri");
const { parseS3Url } = require("amazon-s3-url");
const loaded = require("s3-url-parser");
const parseUrl = loaded.default || loaded;
const FAST = "https://bucket.s3-accelerate.amazonaws.com/k";
const seen = [amazonUri, parseS3Url, parseUrl].map((parse) => [parse(FAST).bucket, parse(FAST).region, parse(FAST).key]);
const china = parseUrl("https://bucket.s3.cn-north-1.amazonaws.com.cn/k");
console.log(seen, china);
const assert = require("assert");
assert.deepStrictEqual(seen, Array(3).fill(["bucket", "accelerate", "k"]));
assert.deepStrictEqual([china.region, china.key], ["cn-north-1", ".cn/k"]);
JS
