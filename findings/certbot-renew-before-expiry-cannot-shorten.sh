#!/usr/bin/env bash
# certbot 4.0.0: renew_before_expiry in a renewal file can only bring a renewal forward. The default of 4.0 (a third of the
# lifetime, half of it below 10 days) is applied as well, so "1 day" changes nothing for a certificate of 90 days with 20
# days left. certbot 2.9.0 does what the line says.
# Guess: neither renews. Seen: 2.9.0 does not renew, 4.0.0 renews.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
pip() { python3 -m pip install -q --disable-pip-version-check --target "$folder/$1" "${@:2}"; }
pip 2.9.0 certbot==2.9.0 acme==2.9.0 josepy==1.15.0 pyopenssl==24.3.0 'setuptools<81'
pip 4.0.0 certbot==4.0.0 acme==4.0.0 josepy==2.2.0
cat >"$folder/probe.py" <<'PY'
import datetime, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
from certbot import configuration
from certbot._internal import cli, storage
from certbot._internal.plugins import disco
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

home, name = Path(sys.argv[1]), "broker.example.org"
key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
made = (
    x509.CertificateBuilder(x509.Name([]), x509.Name([]), key.public_key(), x509.random_serial_number())
    .not_valid_before(now - datetime.timedelta(days=70))
    .not_valid_after(now + datetime.timedelta(days=20))
    .sign(key, hashes.SHA256())
)
live, archive = home / "live" / name, home / "archive" / name
for each in (live, archive, home / "renewal"):
    each.mkdir(parents=True)
lines = ["renew_before_expiry = 1 day", f"archive_dir = {archive}"]
for kind in ("cert", "privkey", "chain", "fullchain"):
    (archive / f"{kind}1.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (live / f"{kind}.pem").symlink_to(archive / f"{kind}1.pem")
    lines.append(f"{kind} = {live / f'{kind}.pem'}")
(home / "renewal" / f"{name}.conf").write_text("\n".join([*lines, "[renewalparams]", ""]))
arguments = ["renew", "--config-dir", str(home), "--work-dir", str(home), "--logs-dir", str(home)]
parsed = cli.prepare_and_parse_args(disco.PluginsRegistry.find_all(), arguments)
config = parsed if isinstance(parsed, configuration.NamespaceConfig) else configuration.NamespaceConfig(parsed)
print(storage.RenewableCert(str(home / "renewal" / f"{name}.conf"), config).should_autorenew())
PY
old=$(PYTHONPATH=$folder/2.9.0 python3 "$folder/probe.py" "$folder/a")
new=$(PYTHONPATH=$folder/4.0.0 python3 "$folder/probe.py" "$folder/b")
printf 'renews with 20 of 90 days left and renew_before_expiry = 1 day: 2.9.0 %s, 4.0.0 %s\n' "$old" "$new"
[[ $old == False && $new == True ]]
