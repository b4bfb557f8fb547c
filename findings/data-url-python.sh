#!/usr/bin/env bash
# data-url 1.4.0 (PyPI) returns None for a data: URL whose data has a comma or a question mark, and the data of others with
# their percent encoding; data-uri-parser 0.1.11 knows the parameter charset only. Both fail at base64 whose padding is
# percent-encoded and at DATA:. RFC 2397 section 3: data is any URL character, and a type has any number of parameters.
# Guess: "a,b", "a?b", "50%", "x", "a" from both. Seen: None twice and 50%25; errors for the last parameters.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" data-url==1.4.0 data-uri-parser==0.1.11
PYTHONPATH=$folder python3 - <<'PY'
from data_uri_parser import DataURI
from data_url import DataURL

URLS = ["data:text/plain,a,b", "data:text/plain,a?b", "data:text/plain,50%25", "data:text/plain;a=b,x"]
URLS += ["data:text/plain;base64,YQ%3D%3D", "DATA:text/plain,a"]


def attempt(read, url):
    try:
        found = read(url)
        return found and found.data
    except Exception as error:
        return type(error).__name__


first = [attempt(DataURL.from_url, url) for url in URLS]
second = [attempt(DataURI, url) for url in URLS]
print(first, second, sep="\n")
assert first == [None, None, "50%25", "x", "Error", None]
assert second == ["a,b", "a?b", "50%", "DataURIValueError", "Error", "DataURIValueError"]
PY
