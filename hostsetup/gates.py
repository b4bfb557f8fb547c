"""The waits of an ``up`` that look at the host from outside, as one command: ``python -m hostsetup.gates --help``.

Owns what is waited for, for how long, and the sentence when it does not come. Each gate is the ``create`` of a Pulumi
resource on the operator's machine, so it runs in ``up`` alone and again when what it looked at changes; a gate that
failed is not in the state, and the next ``up`` waits again. Names are resolved over DNS-over-HTTPS only: a VPN client
may answer 198.18.x.y to everything else.
"""

import argparse
import hashlib
import os
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import requests
import urllib3

from hostsetup import login

#: Relative to the project, so that the command in the state is the same on every machine (``Pulumi.yaml`` virtualenv).
PYTHON = "venv/bin/python"

#: Seconds between two looks.
PAUSE = 2.0
#: Seconds one look may take.
LOOK_TIMEOUT = 5.0
#: Seconds until a gate gives up, unless it is told otherwise.
TIMEOUTS = {"host-key": 300, "login": 60, "dns": 600, "records": 3600, "issuer": 180}
#: STS fetches discovery and keys itself and gives up after five seconds.
ISSUER_TIMEOUT = 5.0

#: Where STS reaches an issuer; AWS takes no other port in an issuer's URL.
PORT = 443

#: TYPE of a record in DNS answers (RFC 1035 section 3.2.2).
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "TXT": 16}


class NotYet(Exception):  # noqa: N818 - it reads as what it says
    """What was seen instead; the gate looks again until its time is over."""


def command(gate: str, *arguments: str) -> str:
    """The shell command of a gate, for a resource's ``create``."""
    return shlex.join([PYTHON, "-m", "hostsetup.gates", gate, *arguments])


def resolvers(doh_urls: Sequence[str]) -> list[str]:
    """The arguments that name a gate's DNS-over-HTTPS resolvers."""
    return [part for url in doh_urls for part in ("--doh", url)]


def host_key(address: str) -> str:
    """The host's ed25519 key as ``ssh-ed25519 <base64>``. Raises NotYet while nothing answers on port 22."""
    scan = subprocess.run(
        ["ssh-keyscan", "-T", str(int(LOOK_TIMEOUT)), "-t", "ed25519", address],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in scan.stdout.splitlines():
        if line.startswith(f"{address} ssh-ed25519 "):
            return line.removeprefix(f"{address} ")
    raise NotYet(f"{address} port 22 gives no ed25519 host key")


def logged_in(target: str, private_key: str, host_key: str) -> str:
    """``target``, ``<user>@<address>``, lets the key in. Raises NotYet with ssh's own reason, SystemExit without a key
    that could be tried.
    """
    try:
        with login.session(target, private_key, host_key, ("-oBatchMode=yes",)) as ssh:
            done = subprocess.run([*ssh, "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except login.LoginError as error:
        raise SystemExit(f"SSH to {target}: {error} Then run `pulumi up` again.") from None
    if done.returncode:
        raise NotYet(" ".join(done.stderr.split()) or f"ssh ended with {done.returncode}")
    return f"{target} lets the key in"


def visible(hosts: Sequence[str], address: str, doh_urls: Sequence[str]) -> str:
    """Every resolver gives exactly ``address`` for every host. Raises NotYet with what each of the others gives."""
    wrong = [
        f"{url} gives {' '.join(found) or 'nothing'} for {host}"
        for host in hosts
        for url in doh_urls
        if (found := resolve(host, url)) != [address]
    ]
    if wrong:
        raise NotYet("; ".join(wrong))
    return f"{len(hosts)} names resolve to {address}"


def published(records: Sequence[str], doh_urls: Sequence[str]) -> str:
    """Every resolver gives exactly the value of every record, each told as ``<name> <type> <value>``.

    Raises NotYet with the records that are missing, as lines of a zone file.
    """
    missing = []
    for record in records:
        name, kind, value = record.split(" ", 2)
        for url in doh_urls:
            found = [_plain(seen) for seen in resolve(name, url, kind)]
            # Others may have texts of their own at the name; everything else belongs to this stack alone.
            if found != [_plain(value)] and not (kind == "TXT" and _plain(value) in found):
                missing.append(zone_line(name, kind, value))
                break
    if missing:
        raise NotYet(f"{len(missing)} of {len(records)} records are not there:\n" + "\n".join(missing))
    return f"{len(records)} records are there"


def zone_line(name: str, kind: str, value: str) -> str:
    """One record in the form of a zone file (RFC 1035 section 5), its names absolute, its TTL the file's."""
    if kind == "TXT":
        value = f'"{value}"'
    elif kind in ("CNAME", "MX"):
        value = f"{value}."
    return f"{name}. IN {kind} {value}"


def _plain(value: str) -> str:
    """Resolvers differ in quotes, in the last dot of a name and in its case."""
    return value.strip('"').rstrip(".").lower()


def resolve(host: str, doh_url: str, kind: str = "A") -> list[str]:
    """Values of a name's records of one type, sorted, from one resolver's JSON answer; empty while there are none."""
    try:
        answer = requests.get(
            doh_url,
            params={"name": host, "type": kind},
            headers={"accept": "application/dns-json"},
            timeout=LOOK_TIMEOUT,
        )
        answer.raise_for_status()
        records = answer.json().get("Answer", [])
    except (requests.RequestException, ValueError) as error:
        raise NotYet(f"{doh_url} does not answer for {host}: {error}") from error
    return sorted(record["data"] for record in records if record["type"] == TYPES[kind])


def issuer(host: str, doh_urls: Sequence[str], ca_bundle: str) -> str:
    """The broker is an OIDC issuer that STS can use; gives the thumbprint of the top of its served chain.

    Checks, over public TLS at the resolved address: discovery names this issuer and a key set, the key set has an ES256
    key, health is 200 (runbook section 9.1). Raises NotYet.
    """
    addresses = resolve(host, doh_urls[0])
    if not addresses:
        raise NotYet(f"{doh_urls[0]} gives no address for {host}")
    with connection(addresses[0], host, ca_bundle) as pool:
        discovery = _json(pool, host, "/.well-known/openid-configuration")
        if discovery.get("issuer") != f"https://{host}":
            raise NotYet(f"discovery of {host} names the issuer {discovery.get('issuer')!r}, not 'https://{host}'")
        keys_path = str(discovery.get("jwks_uri", "")).removeprefix(f"https://{host}")
        if not keys_path.startswith("/"):
            raise NotYet(f"discovery of {host} has jwks_uri {discovery.get('jwks_uri')!r}, which is not on {host}")
        keys = _json(pool, host, keys_path).get("keys", [])
        if not any(key.get("kty") == "EC" and key.get("crv") == "P-256" for key in keys):
            raise NotYet(f"the key set of {host} has {len(keys)} keys and no ES256 key among them")
        _get(pool, host, "/healthz")
    return thumbprint(addresses[0], host)


def connection(address: str, host: str, ca_bundle: str) -> urllib3.HTTPSConnectionPool:
    """To a host's public port at a resolved address, its certificate checked for the host's name."""
    return urllib3.HTTPSConnectionPool(
        address,
        PORT,
        server_hostname=host,
        assert_hostname=host,
        ca_certs=ca_bundle or requests.utils.DEFAULT_CA_BUNDLE_PATH,
        timeout=ISSUER_TIMEOUT,
        retries=False,
    )


def thumbprint(address: str, host: str) -> str:
    """SHA-1 of the last certificate of the served chain, 40 lower-case hex digits, as IAM wants it:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html
    """
    try:
        shown = subprocess.run(
            ["openssl", "s_client", "-showcerts", "-servername", host, "-connect", f"{address}:{PORT}"],
            input="",
            capture_output=True,
            text=True,
            check=False,
            timeout=LOOK_TIMEOUT * 2,
        )
    except subprocess.TimeoutExpired:
        raise NotYet(f"{host} does not finish a TLS handshake at {address}") from None
    chain = re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", shown.stdout, re.DOTALL)
    if len(chain) < 2:
        raise NotYet(f"{host} serves {len(chain)} certificates; a chain with its issuing authority is needed")
    # IAM defines the thumbprint as a SHA-1; nothing is authenticated by it here.
    return hashlib.sha1(ssl.PEM_cert_to_DER_cert(chain[-1]), usedforsecurity=False).hexdigest()


def _json(pool: urllib3.HTTPSConnectionPool, host: str, path: str) -> dict[str, Any]:
    try:
        return dict(_get(pool, host, path).json())
    except (ValueError, TypeError) as error:
        raise NotYet(f"https://{host}{path} is not a JSON object: {error}") from error


def _get(pool: urllib3.HTTPSConnectionPool, host: str, path: str) -> urllib3.BaseHTTPResponse:
    try:
        answer = pool.request("GET", path, headers={"Host": host})
    except urllib3.exceptions.HTTPError as error:
        raise NotYet(f"https://{host}{path} does not answer: {error}") from error
    if answer.status != 200:
        raise NotYet(f"https://{host}{path} answers {answer.status}")
    return answer


def wait(look: Callable[[], str], *, what: str, seconds: float, cure: str) -> str:
    """The first answer of ``look``. Raises SystemExit with what was last seen and the likely cure."""
    until = time.monotonic() + seconds
    said = ""
    while True:
        try:
            return look()
        except NotYet as seen:
            if str(seen) != said:
                said = str(seen)
                print(f"waiting for {what}: {said}", file=sys.stderr, flush=True)
            if time.monotonic() + PAUSE > until:
                raise SystemExit(
                    f"{what}: not there after {seconds:.0f} s. Last seen: {said}. {cure} Then run `pulumi up` again."
                ) from None
            time.sleep(PAUSE)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m hostsetup.gates", description=__doc__)
    gates = parser.add_subparsers(dest="gate", required=True, metavar="GATE")

    def gate(name: str, summary: str) -> argparse.ArgumentParser:
        made = gates.add_parser(name, help=summary, description=summary)
        seconds = TIMEOUTS[name]
        made.add_argument("--timeout", type=float, default=seconds, help=f"seconds to wait (default {seconds})")
        return made

    keyed = gate("host-key", "wait for SSH and print the host's key")
    keyed.add_argument("address", help="the host's elastic IP")

    keyed_in = gate("login", "wait until the host lets the private key in that is on standard input")
    keyed_in.add_argument("--host-key", required=True, help="the host's key, as the gate host-key prints it")
    keyed_in.add_argument("target", metavar="USER@ADDRESS")

    dns = gate("dns", "wait until every resolver gives exactly the address for every host")
    dns.add_argument("--address", required=True, help="the stack's elastic IP")
    dns.add_argument("--doh", action="append", required=True, help="a DNS-over-HTTPS URL, repeatable")
    dns.add_argument("hosts", nargs="+")

    manual = gate("records", "wait until somebody has published the records, and say which are missing")
    manual.add_argument("--doh", action="append", required=True, help="a DNS-over-HTTPS URL, repeatable")
    manual.add_argument("records", nargs="+", metavar="RECORD", help="'<name> <type> <value>'")

    served = gate("issuer", "wait until the issuer can be used by STS and print its thumbprint")
    served.add_argument("--doh", action="append", required=True, help="a DNS-over-HTTPS URL, repeatable")
    served.add_argument("--ca-bundle", default="", help="PEM file of authorities in place of this machine's")
    served.add_argument("host")

    given = parser.parse_args(arguments)
    for program in ("ssh", "ssh-keyscan", "openssl"):
        if shutil.which(program) is None:
            raise SystemExit(
                f"{program} is not on PATH and this gate needs it. Install it, then run `pulumi up` again."
            )
    if given.gate == "host-key":
        answer = wait(
            lambda: host_key(given.address),
            what=f"SSH on {given.address}",
            seconds=given.timeout,
            cure="Check that the instance runs and that sshCidrs lets this machine reach port 22.",
        )
        # What this resource printed before, as long as its instance lives.
        pinned = os.environ.get("PULUMI_COMMAND_STDOUT", "").strip()
        if pinned not in ("", answer):
            raise SystemExit(
                f"SSH on {given.address}: the machine there shows another host key than the one that was pinned for "
                "this instance. It is another machine, or somebody plays it: nothing was sent. See which machine has "
                "the address. If its key was made anew on purpose, `pulumi up` with --target-replace "
                "'**setup-host-key' pins that one."
            )
    elif given.gate == "login":
        private_key = sys.stdin.read()
        answer = wait(
            lambda: logged_in(given.target, private_key, given.host_key),
            what=f"SSH to {given.target}",
            seconds=given.timeout,
            cure="`Permission denied` means that the host does not have this key: put the number of the key that it "
            "has first in sshKeyEpochs and the new one behind it, for example [1, 2] (where hostInstanceId is set, "
            "give the key that it has as hostPrivateKey). Nothing was taken away; docs/runbook.md, Rotate the SSH key.",
        )
    elif given.gate == "dns":
        answer = wait(
            lambda: visible(given.hosts, given.address, given.doh),
            what=f"DNS of {len(given.hosts)} hosts",
            seconds=given.timeout,
            cure="NXDOMAIN means that the zone is not delegated yet or that a negative answer is cached; another "
            "address means a record that this stack does not own.",
        )
    elif given.gate == "records":
        answer = wait(
            lambda: published(given.records, given.doh),
            what=f"{len(given.records)} records",
            seconds=given.timeout,
            cure="Publish them where the zone is kept (`agentkeys records` prints them in other forms).",
        )
    else:
        answer = wait(
            lambda: issuer(given.host, given.doh, given.ca_bundle),
            what=f"the issuer https://{given.host}",
            seconds=given.timeout,
            cure="Check port 443 of the firewall, the certificate (`ls /etc/letsencrypt/live` on the host) and "
            "`systemctl status agentkeys-broker`.",
        )
    print(answer)


if __name__ == "__main__":
    main()
