#!/usr/bin/env bash
# @mapbox/s3urls 2.0.0 (npm) writes a key into a URL as it is and reads it back as a part of a URL, so a key with ?, # or % is
# another key afterwards, without an error. All three are allowed in S3, and s3:// URIs do not encode:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
# Guess: fromUrl returns the key that toUrl was given. Seen: a, b and "c d" for a?x, b#x and c%20d, in both forms.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @mapbox/s3urls@2.0.0
AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE=1 NODE_PATH=$folder/node_modules node --no-warnings - <<'JS'
const { fromUrl, toUrl } = require("@mapbox/s3urls");
const seen = ["plain/key", "a?x", "b#x", "c%20d"].map((key) => {
  const urls = toUrl("bucket", key);
  return [urls.s3, fromUrl(urls.s3).Key, fromUrl(urls["bucket-in-host"]).Key];
});
console.log(seen);
require("assert").deepStrictEqual(seen, [
  ["s3://bucket/plain/key", "plain/key", "plain/key"],
  ["s3://bucket/a?x", "a", "a"],
  ["s3://bucket/b#x", "b", "b"],
  ["s3://bucket/c%20d", "c d", "c d"],
]);
JS
