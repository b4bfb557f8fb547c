#!/usr/bin/env bash
# acme 2.1.0 (certbot 2.1.0, Debian 12; 1.21.0 does the same) on Python 3.11: a problem of the authority that leaves a
# context manager becomes "AttributeError: can't set attribute". Python 3.11's contextlib assigns exc.__traceback__, and
# messages.Error is a josepy ImmutableMap. So certbot prints nothing of a rate limit. acme 2.9.0 keeps the problem.
# Guess: the problem comes out as it went in. Seen: AttributeError | Error.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "needs Python 3.11 or newer"; exit 2; }
pip() { python3 -m pip install -q --disable-pip-version-check --target "$folder/$1" "${@:2}"; }
pip old acme==2.1.0 josepy==1.13.0 cryptography==38.0.4 pyopenssl==23.0.0 'setuptools<81'
pip new acme==2.9.0 josepy==1.14.0 cryptography==43.0.3 pyopenssl==24.2.1 'setuptools<81'
cat >"$folder/probe.py" <<'PY'
import contextlib, warnings
warnings.simplefilter("ignore")
from acme import messages

@contextlib.contextmanager
def work():
    yield

try:
    with work():
        raise messages.Error.with_code("rateLimited", detail="too many certificates, retry after 1 h")
except Exception as error:
    print(type(error).__name__, error)
PY
old=$(PYTHONPATH=$folder/old python3 "$folder/probe.py"); new=$(PYTHONPATH=$folder/new python3 "$folder/probe.py")
printf 'acme 2.1.0: %s\nacme 2.9.0: %s\n' "$old" "$new"
[[ $old == AttributeError* && $old != *"too many"* && $new == "Error "*rateLimited*"too many"* ]]
