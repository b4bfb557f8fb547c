#!/usr/bin/env bash
# cpe 1.3.1 (PyPI) decodes no component of a CPE name in the URI form if one has a tilde as it is. NISTIR 7695 section
# 6.1.3.3 has the example cpe:/a:foo~bar:big%7emoney_2010: both products have a tilde. If both are written %7e, cpe decodes
# them.
# Guess: big\~money_2010. Seen: big\%7emoney_2010, and %257e where the name is written again.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" cpe==1.3.1
PYTHONPATH=$folder python3 - <<'PY'
from cpe import CPE

name, other = CPE("cpe:/a:foo~bar:big%7emoney_2010"), CPE("cpe:/a:foo%7ebar:big%7emoney_2010")
print(name.as_fs(), name.as_uri_2_3(), other.as_fs())
assert name.as_fs() == "cpe:2.3:a:foo\\~bar:big\\%7emoney_2010:*:*:*:*:*:*:*:*"
assert name.as_uri_2_3() == "cpe:/a:foo%7ebar:big%257emoney_2010"
assert other.as_fs() == "cpe:2.3:a:foo\\~bar:big\\~money_2010:*:*:*:*:*:*:*:*"
PY
