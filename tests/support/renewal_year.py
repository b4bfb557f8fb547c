"""A year of certbot's timer for one certificate; runs on the Python of the certbot that it rehearses.

``renewal_year.py CONFIG_DIR NAME``: whether the certificate is renewed is certbot's own decision
(``renewal.should_renew`` on the lineage that ``renewal.reconstitute`` reads, as `certbot renew` does), at a simulated
clock. The timer is Debian's: twice a day, each run delayed by up to 12 hours. A renewal puts a certificate of the same
lifetime in place. Prints the number of renewals and the least hours that were left at one.
"""

import copy
import datetime
import io
import json
import random
import sys
import types
from pathlib import Path

from certbot import configuration
from certbot._internal import cli, renewal, storage
from certbot._internal.display import obj as display
from certbot._internal.plugins import disco
from cryptography import x509
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOUR = datetime.timedelta(hours=1)


class Clock(datetime.datetime):
    """The simulated time; ``at`` is set by the rehearsal."""

    at = datetime.datetime.now(datetime.UTC)

    @classmethod
    def now(cls, tz=None):
        return cls.at.astimezone(tz)

    @classmethod
    def utcnow(cls):
        return cls.at.replace(tzinfo=None)


storage.datetime = types.SimpleNamespace(datetime=Clock, timedelta=datetime.timedelta, timezone=datetime.timezone)


def read(path):
    made = x509.load_pem_x509_certificate(path.read_bytes(), default_backend())
    return made.not_valid_before, made.not_valid_after


def renewed(path, lifetime):
    key = ec.generate_private_key(ec.SECP256R1(), default_backend())
    name = x509.Name([])
    at = Clock.at.replace(tzinfo=None)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(at)
        .not_valid_after(at + lifetime)
        .sign(key, hashes.SHA256(), default_backend())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def main(folder, name):
    plugins = disco.PluginsRegistry.find_all()
    arguments = ["renew", "--config-dir", folder, "--work-dir", f"{folder}/w", "--logs-dir", f"{folder}/l", "-q"]
    parsed = cli.prepare_and_parse_args(plugins, arguments)
    given = parsed if isinstance(parsed, configuration.NamespaceConfig) else configuration.NamespaceConfig(parsed)
    display.set_display(display.NoninteractiveDisplay(io.StringIO()))
    conf, certificate = f"{folder}/renewal/{name}.conf", Path(folder, "live", name, "cert.pem").resolve()
    begins, ends = read(certificate)
    lifetime, start = ends - begins, begins.replace(tzinfo=datetime.UTC)
    renewals, least, delays = 0, lifetime, random.Random(1)  # noqa: S311 - the same year every time
    for run in range(730):
        Clock.at = start + 12 * HOUR * (run + delays.random())
        config = copy.deepcopy(given)
        # Private until certbot 2.2.
        reconstitute = getattr(renewal, "reconstitute", None) or renewal._reconstitute
        lineage = reconstitute(config, conf)
        if renewal.should_renew(config, lineage):
            least = min(least, read(certificate)[1] - Clock.at.replace(tzinfo=None))
            renewed(certificate, lifetime)
            renewals += 1
    print(json.dumps([renewals, least / HOUR]))


if __name__ == "__main__":
    main(*sys.argv[1:])
