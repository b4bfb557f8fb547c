"""The step ``certificates`` with a real certbot and pebble: which problem of an authority it sees, and what it does."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dev.toolchain import virtualenv
from hostsetup.steps import ACME_ACCOUNT, acme_account
from sandbox.aws.acme import LIFETIMES, AcmeServer
from sandbox.layout import CHECKOUT, LOOPBACK
from sandbox.rehearsal import say
from tests.support.acme_front import AcmeFront
from tests.support.fake_host import FakeHost

#: certbot as the hosts have it: Ubuntu 22.04, Debian 12, Ubuntu 24.04, Debian 13. The gate runs Debian 12's.
VERSIONS = os.environ.get("AGENTKEYS_CERTBOTS", "2.1").split()
NAME, OTHER = "broker.example.org", "audit.example.org"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def authority(home: Path, **options) -> AcmeServer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PEBBLE_VA_ALWAYS_VALID", "1")
        made = AcmeServer(home, port=free_port(), management_port=free_port(), dns_port=free_port(), **options)
        made.start()
    return made


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    pebble = authority(tmp_path_factory.mktemp("authority"))
    with AcmeFront(pebble) as served:
        yield served
    pebble.stop()


class Host(FakeHost):
    """A fake host with a certbot of its own, which keeps its files below ``root``."""

    # Without /root, where Python and the cache may be.
    places = ("usr/local", "var/lib", "var/log", "run/lock")

    def __init__(self, folder: Path, version: str, trust: Path) -> None:
        super().__init__(folder)
        self.calls = folder / "certbot.calls"
        self.programs = programs = virtualenv.cached("certbot", CHECKOUT / f"requirements/certbot-{version}.lock", say)
        own = {"/etc/letsencrypt": self.root / "etc/letsencrypt", "/var/www/certbot": self.root / "var/www/certbot"}
        for path in own.values():
            path.mkdir(parents=True)
        for path in self.toolkit.iterdir():
            text = path.read_text().replace("#!/usr/bin/python3 -I", f"#!{sys.executable} -I")
            for place, here in own.items():
                text = text.replace(place, str(here))
            path.write_text(text)
        (self.toolkit / "nginx").write_text("#!/bin/bash\ncat >/dev/null\n")
        script = self.toolkit / "certificates"
        script.write_text(script.read_text().replace("pauses=(10 30)", "pauses=(0 0)"))
        certbot = self.root / "usr/local/bin/certbot"
        certbot.write_text(
            f"#!/bin/bash\nexport REQUESTS_CA_BUNDLE={trust}\n"
            f'echo "$@" >>{self.calls}\n'
            f'exec {programs}/certbot "$@" --config-dir {own["/etc/letsencrypt"]} '
            f"--work-dir {self.root}/var/lib/certbot\n"
        )
        certbot.chmod(0o755)
        self.renewal = own["/etc/letsencrypt"] / "renewal"

    def certificates(self, directory, *names):
        return self.run(
            "certificates", "inputs", directory, "ops@example.org", *(names or (NAME,)), stdin="#=> end 0\n"
        )


@pytest.fixture(params=VERSIONS)
def host(tmp_path, front, request):
    made = Host(tmp_path / "host", request.param, front.authority.own_ca)
    front.clear()
    yield made
    made.end()


def test_a_certificate_is_issued_and_asked_for_once(host, front):
    done = host.certificates(front.directory)
    assert done.returncode == 0, done.stderr
    assert f"changed certificate of {NAME} (issued)" in done.stdout
    again = host.certificates(front.directory)
    assert f"unchanged certificate of {NAME}" in again.stdout, again.stderr
    assert front.orders() == 1


def test_a_rate_limit_is_recognised_and_the_authority_not_asked_before_its_end(host, front):
    front.refuse("/order-plz", "rateLimited", "too many certificates (5) already issued", 429, Retry_After="7200")
    done = host.certificates(front.directory)
    assert done.returncode == 1
    assert "the CA's rate limit (rateLimited)" in done.stderr
    assert "The CA says: too many certificates (5) already issued" in done.stderr
    ends = datetime.fromtimestamp(time.time() + 7200, UTC)
    assert f"is not asked again before {ends:%F %H}" in done.stderr
    assert front.orders() == 1, "it is not tried again in the same run"
    again = host.certificates(front.directory)
    assert f"Run the step again after {ends:%F %H}" in again.stderr
    assert front.orders() == 1


def test_a_rate_limit_at_registration_in_the_authoritys_own_words(host, front):
    words = "too many new registrations (10) from this IP address, retry after 2099-01-02 03:04:05 UTC"
    front.refuse("/sign-me-up", "rateLimited", words, 429)
    assert "before 2099-01-02 03:04:05 UTC" in host.certificates(front.directory).stderr


#: Type, path of the request that gets it, what is said, how often an order is asked for in one run.
PROBLEMS = [
    ("caa", "/order-plz", "CAA records of the name or of a parent forbid this CA", 1),
    ("rejectedIdentifier", "/order-plz", "the CA does not issue for this name", 1),
    ("unsupportedIdentifier", "/order-plz", "the CA does not issue for names of this kind", 1),
    ("serverInternal", "/order-plz", "the CA has a fault of its own", 3),
    ("userActionRequired", "/order-plz", "mostly to accept new terms", 1),
    ("unauthorized", "/order-plz", "the CA refuses this account", 1),
    ("externalAccountRequired", "/sign-me-up", "Set acmeEabKid and acmeEabHmacKey", 0),
    ("invalidContact", "/sign-me-up", "Change acmeEmail", 0),
    ("badCSR", "/finalize-order/", "the CA rejects the certificate request", 1),
    ("orderNotReady", "/finalize-order/", "the CA is not ready to issue", 3),
]


@pytest.mark.parametrize(("kind", "path", "said", "orders"), PROBLEMS, ids=[kind for kind, *_ in PROBLEMS])
def test_a_problem_is_named_by_its_type_with_what_to_do(host, front, kind, path, said, orders):
    front.refuse(path, kind, "the authority's own words")
    done = host.certificates(front.directory)
    assert done.returncode == 1
    assert said in done.stderr
    assert f"({kind})" in done.stderr
    assert "The CA says: the authority's own words" in done.stderr
    assert front.orders() == orders


CHALLENGES = [
    ("dns", "DNS problem: SERVFAIL looking up A", "DNS does not answer with this host's address yet", 3),
    ("connection", "Timeout during connect (likely firewall problem)", "the CA cannot reach TCP 80 of this host", 1),
    ("unauthorized", "Invalid response from http://x: 404", "another server answered the challenge", 1),
    ("tls", "tls: handshake failure", "redirected to HTTPS", 1),
    ("incorrectResponse", "the key authorization does not match", "not the expected one", 1),
    ("caa", "CAA record for example.org prevents issuance", "CAA records", 1),
]


@pytest.mark.parametrize(("kind", "detail", "said", "orders"), CHALLENGES, ids=[kind for kind, *_ in CHALLENGES])
def test_a_failed_validation_is_named_by_its_type(host, front, kind, detail, said, orders):
    front.fail_challenges(kind, detail)
    done = host.certificates(front.directory)
    assert said in done.stderr
    assert f"The CA says: {detail}" in done.stderr
    assert front.orders() == orders


def test_a_stale_aaaa_record_is_named_with_its_address(host, front):
    front.fail_challenges("unauthorized", "Invalid response from http://x: 404", address="2001:db8::7")
    assert "the CA used an AAAA record, 2001:db8::7" in host.certificates(front.directory).stderr
    front.fail_challenges("connection", "2001:db8::8: Fetching http://x: Timeout during connect", address="")
    assert "the CA used an AAAA record, 2001:db8::8" in host.certificates(front.directory).stderr


def test_a_name_that_keeps_failing_is_asked_for_four_times_an_hour(host, front):
    front.fail_challenges("connection", "Connection refused")
    for _ in range(4):
        assert "cannot reach TCP 80" in host.certificates(front.directory).stderr
    assert "not requested because of the CA's rate limit" in host.certificates(front.directory).stderr
    assert front.orders() == 4


def test_one_name_that_fails_takes_no_other_down_and_the_last_run_alone_counts(host, front):
    front.refuse("/order-plz", "rejectedIdentifier", "policy forbids issuing for this name", times=1)
    done = host.certificates(front.directory, NAME, OTHER)
    assert done.returncode == 1
    assert f"{NAME}: the CA does not issue for this name" in done.stderr
    assert f"changed certificate of {OTHER} (issued)" in done.stdout
    front.clear()
    front.refuse("/order-plz", "caa", "CAA forbids it", times=1)
    assert f"{NAME}: CAA records" in host.certificates(front.directory, NAME, OTHER).stderr


def test_a_fault_that_passes_is_tried_again_in_the_same_run(host, front):
    front.refuse("/order-plz", "serverInternal", "busy", 500, times=1)
    done = host.certificates(front.directory)
    assert done.returncode == 0, done.stderr
    assert f"trying again in 0 s: {NAME}" in done.stdout
    assert front.orders() == 2


def test_an_account_that_the_authority_forgot_is_made_again(host, front):
    assert host.certificates(front.directory).returncode == 0
    front.refuse("/order-plz", "accountDoesNotExist", "unable to find the account", 400, times=1)
    done = host.certificates(front.directory, OTHER)
    assert done.returncode == 0, done.stderr
    assert "the CA does not know the old one" in done.stdout
    assert front.asked.count("/sign-me-up") == 2


def test_a_directory_that_is_not_there_or_not_trusted(host, front):
    nowhere = f"https://{LOOPBACK}:{free_port()}/dir"
    done = host.certificates(nowhere)
    assert "this host cannot reach the ACME directory" in done.stderr
    assert done.stdout.count("trying again in") == 2
    certbot = host.root / "usr/local/bin/certbot"
    certbot.write_text(certbot.read_text().replace("export REQUESTS_CA_BUNDLE=", "NO="))
    assert "does not trust the certificate of the ACME directory" in host.certificates(front.directory).stderr


@pytest.fixture(params=VERSIONS)
def other_authority(tmp_path, request):
    """Starts a pebble of its own and a host that trusts it."""
    made = []

    def start(**options):
        pebble = authority(tmp_path / "ca", **options)
        made.append(pebble)
        made.append(Host(tmp_path / "host", request.param, pebble.own_ca))
        return made[1], f"https://{LOOPBACK}:{pebble.port}/dir"

    yield start
    made[0].stop()
    made[1].end()


#: Lifetime, renewals in a year, the least hours that are left at a renewal.
YEARS = [
    (LIFETIMES["classic"], 6, 29 * 24),
    (LIFETIMES["tlsserver"], 12, 14 * 24),
    (LIFETIMES["shortlived"], 101, 28),
    (timedelta(hours=36), 730, 1),
]


@pytest.mark.parametrize(("lifetime", "most", "left"), YEARS, ids=["90 d", "45 d", "160 h", "36 h"])
def test_a_year_of_the_timer_renews_in_time_and_no_more_than_needed(other_authority, lifetime, most, left):
    """certbot before 4.0 renews 30 days before the end, which for 160 hours is every run of the timer.

    certbot 4.0 renews in the second half of 160 hours, 101 times a year, since renew_before_expiry cannot shorten that
    (findings/certbot-renew-before-expiry-cannot-shorten.sh); earlier ones in the last third, 82 times.
    """
    host, directory = other_authority(lifetime=lifetime)
    done = host.certificates(directory)
    assert done.returncode == 0, done.stderr
    program = CHECKOUT / "tests/support/renewal_year.py"
    rehearsed = subprocess.run(
        [host.programs / "python", program, host.renewal.parent, NAME], capture_output=True, text=True, check=False
    )
    assert rehearsed.returncode == 0, rehearsed.stderr
    renewals, least = json.loads(rehearsed.stdout.splitlines()[-1])
    assert 0 < renewals <= most
    assert least >= left


def test_a_certificate_that_ends_between_two_runs_of_the_timer_is_refused(other_authority):
    host, directory = other_authority(lifetime=timedelta(hours=24))
    for _ in range(2):
        done = host.certificates(directory)
        assert done.returncode == 1
        assert "is valid for 24 hours, and up to 25 hours pass between two runs of the renewal timer" in done.stderr


def test_an_external_account_is_bound_by_a_key_that_no_command_line_or_log_shows(other_authority):
    key = base64.urlsafe_b64encode(b"sixteen bytes and more of a key.").decode().rstrip("=")
    host, directory = other_authority(bindings={"kid-1": key})
    assert "Set acmeEabKid and acmeEabHmacKey" in host.certificates(directory).stderr
    step = acme_account("kid-1", key)
    place = host.renewal.parent / "agentkeys-account.ini"
    told = [host.run("acme-account", stdin=step.stdin.replace(str(ACME_ACCOUNT), str(place)))]
    assert place.stat().st_mode & 0o777 == 0o600
    told.append(host.certificates(directory))
    assert told[-1].returncode == 0, told[-1].stderr
    logs = [path.read_text() for path in (host.root / "var/log").rglob("*") if path.is_file()]
    assert NAME in host.calls.read_text()
    for text in (host.calls.read_text(), *logs, *(done.stdout + done.stderr for done in told), step.command):
        assert key not in text
    assert key not in "".join(path.read_text() for path in host.renewal.glob("*.conf"))
