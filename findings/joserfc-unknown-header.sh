#!/usr/bin/env bash
# joserfc 1.8.0 (PyPI) raises an UnsupportedHeaderError for a token whose header has a parameter that it does
# not know. RFC 7515 section 4: header parameters that are not understood must be ignored, except those that crit
# lists. PyJWT 2.15.1, python-jose 3.5.0 and jwcrypto 1.6.1 read the token. https://www.rfc-editor.org/rfc/rfc7515
# Guess: the claims four times. Seen: an error from joserfc.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" joserfc==1.8.0 pyjwt==2.15.1 python-jose==3.5.0 jwcrypto==1.6.1
cat >"$folder/probe.py" <<'END'
import jwt
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import OctKey
from jose import jwt as jose_jwt
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

KEY = "a" * 32
token = jwt.encode({"sub": "a"}, KEY, "HS256", headers={"tenant": "x"})
print(jwt.decode(token, KEY, ["HS256"]), jose_jwt.decode(token, KEY, ["HS256"]), JWT(jwt=token, key=JWK.from_password(KEY)).claims)
try:
    print(joserfc_jwt.decode(token, OctKey.import_key(KEY), algorithms=["HS256"]).claims)
except Exception as error:
    print(type(error).__name__, error)
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{'sub': 'a'} {'sub': 'a'} {"sub":"a"}
UnsupportedHeaderError unsupported_header: Unsupported {'tenant'} in header
END
