"""Certificates on a real host: renewed without a restart, one name's failure its own.

What an authority answers, limits among it, is in ``tests/unit/hostsetup/test_certificates.py``.
"""

import dataclasses
import datetime
import shlex
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hostsetup.families import TOOLKIT
from tests.sandbox.machine.test_1_again import changed
from tests.support import emulation

NGINX_STARTED = "systemctl show -p MainPID -p ExecMainStartTimestampMonotonic nginx"
STUB = "/usr/local/sbin/certbot"


def serial(machine, key):
    """Of the certificate that the world is served."""
    name = machine.names.public_hosts[key]
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{machine.address}:443", "-servername", name],
        input="", capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-serial"], input=done.stdout, capture_output=True, text=True, check=True
    )
    return shown.stdout


def status(machine, key, path="/healthz", *, tls=True):
    name = machine.names.public_hosts[key]
    port, scheme = (443, "https") if tls else (80, "http")
    return subprocess.run(
        ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10", "--noproxy", "*",
         "--resolve", f"{name}:{port}:{machine.address}", f"{scheme}://{name}{path}"],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip


def certificates(machine, *keys, directory=None):
    """The step for only some names, with another ACME directory or the usual one."""
    names = [machine.names.public_hosts.get(key, key) for key in keys]
    step = machine.steps()["certificates"]
    script, contact = f"{TOOLKIT}/certificates", machine.site.acme_email
    command = shlex.join(
        ["sudo", script, "installed", "inputs", directory or machine.site.acme_directory, contact, *names]
    )
    return machine.run(dataclasses.replace(step, command=command))


def without_certificate(machine, key):
    machine.sudo(f"certbot delete --non-interactive --cert-name {machine.names.public_hosts[key]} >/dev/null 2>&1")


@pytest.fixture
def stubbed(machine):
    """Replaces certbot with a program that counts its calls."""

    def install(text):
        machine.sudo(f"cat >{STUB} <<'STUB'\n#!/bin/bash\necho x >>/run/certbot-calls\n{text}\nSTUB\nchmod 755 {STUB}")

    def calls():
        return machine.said("cat /run/certbot-calls 2>/dev/null || true").count("x")

    install.calls = calls
    yield install
    machine.sudo(f"rm -f {STUB} /run/certbot-calls /var/lib/agentkeys-setup/acme/*")


def test_a_renewed_certificate_is_served_without_a_restart_and_changes_nothing(machine):
    started, before = machine.said(NGINX_STARTED), serial(machine, "broker")
    name = machine.names.public_hosts["broker"]
    machine.sudo(f"certbot renew --force-renewal --cert-name {name} --no-random-sleep-on-renew >/dev/null 2>&1")
    assert emulation.eventually(lambda: serial(machine, "broker") != before)
    assert machine.said(NGINX_STARTED) == started
    assert changed(machine.set_up(only=("nginx-http", "certificates", "nginx-https", "health"))) == []


def test_the_distributions_timer_renews(machine):
    assert machine.said("systemctl is-enabled certbot.timer; systemctl is-active certbot.timer").split() == [
        "enabled", "active"
    ]  # fmt: skip
    machine.sudo("systemctl start certbot.service")


def test_a_name_that_fails_is_named_and_takes_no_other_down(machine):
    """The record of one name leads elsewhere; another one has no certificate yet either. The account is a new one, for
    which the authority has not seen any name.
    """
    machine.sudo("rm -rf /etc/letsencrypt/accounts/*")
    for key in ("cred", "memory"):
        without_certificate(machine, key)
    machine.point("memory", "127.0.0.9")
    done = certificates(machine, "broker", "cred", "memory")
    assert done.returncode == 1
    assert "no certificate for 1 of 3 names; the others are served over HTTPS" in done.stderr
    assert f"{machine.names.public_hosts['memory']}: the CA cannot reach TCP 80 of this host" in done.stderr
    assert [status(machine, key) for key in ("broker", "cred")] == ["200", "200"]
    # nginx's old workers answer for a moment after a reload.
    assert emulation.eventually(lambda: status(machine, "memory", tls=False) == "503")
    machine.point("memory", machine.address)
    done = certificates(machine, "broker", "cred", "memory")
    assert done.returncode == 0, done.stderr
    assert emulation.eventually(lambda: status(machine, "memory") == "200")


def test_an_account_that_the_authority_forgot_is_made_again(machine):
    before = serial(machine, "audit")
    machine.sudo("sed -i -E 's#(my-account/)[^\"]+#\\1nobody#' /etc/letsencrypt/accounts/*/*/*/regr.json")
    without_certificate(machine, "audit")
    done = certificates(machine, "audit")
    assert done.returncode == 0, done.stderr
    assert "the CA does not know the old one" in done.stdout
    assert emulation.eventually(lambda: serial(machine, "audit") != before)


def test_another_directory_issues_anew_and_the_way_back_too(machine):
    first = serial(machine, "email")
    elsewhere = f"{machine.site.acme_directory}?staging=1"
    assert "(issued)" in certificates(machine, "email", directory=elsewhere).stdout
    assert emulation.eventually(lambda: serial(machine, "email") != first)
    second = serial(machine, "email")
    assert "(issued)" in certificates(machine, "email").stdout
    assert emulation.eventually(lambda: serial(machine, "email") not in (first, second))
    assert "unchanged certificate" in certificates(machine, "email").stdout


def lying_there(machine, name, *, days_old, days_left):
    """Puts a certificate of that age where certbot keeps its own."""
    now = datetime.datetime.now(datetime.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=days_old))
        .not_valid_after(now + datetime.timedelta(days=days_left))
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM).decode()
    machine.sudo(
        f"mkdir -p /etc/letsencrypt/live/{name}; cd /etc/letsencrypt/live/{name}\n"
        f"tee cert.pem fullchain.pem >/dev/null <<'PEM'\n{pem}PEM\n"
        f"printf '# renew_before_expiry = 30 days\\nserver = {machine.site.acme_directory}\\n' "
        f">/etc/letsencrypt/renewal/{name}.conf"
    )


@pytest.fixture
def old(machine):
    """A name that no service has."""
    yield "old.example.org"
    machine.sudo("rm -rf /etc/letsencrypt/live/old.example.org /etc/letsencrypt/renewal/old.example.org.conf")


@pytest.mark.parametrize(("days_old", "days_left", "asked"), [(80, 10, 1), (60, 30, 0), (2, 4, 0), (5.5, 0.5, 1)])
def test_what_the_timer_should_have_renewed_long_ago_is_renewed(machine, stubbed, old, days_old, days_left, asked):
    lying_there(machine, old, days_old=days_old, days_left=days_left)
    stubbed("true")
    assert certificates(machine, old).returncode == 0
    assert stubbed.calls() == asked


@pytest.mark.parametrize(
    ("days", "line"), [(6, "renew_before_expiry = 48 hours"), (90, "# renew_before_expiry = 30 days")]
)
def test_a_short_lived_certificate_is_renewed_in_its_last_third(machine, stubbed, old, days, line):
    """certbot's own 30 days before the end would be all the time."""
    lying_there(machine, old, days_old=days * 0.9, days_left=days * 0.1)
    stubbed("true")
    assert certificates(machine, old).returncode == 0
    assert machine.said(f"sudo head -n 1 /etc/letsencrypt/renewal/{old}.conf") == line + "\n"


def test_what_the_certificate_says_decides_about_stapling_and_staging(machine):
    """A certificate of a staging authority with an OCSP responder, in the place of a name's own."""
    name = machine.names.public_hosts["audit"]
    live = f"/etc/letsencrypt/live/{name}"
    machine.sudo(
        f"mv {live} {live}.kept && mkdir {live} && cd {live}\n"
        "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=(STAGING) Pretend' "
        f"-addext subjectAltName=DNS:{name} -addext 'authorityInfoAccess=OCSP;URI:http://ocsp.example.org' "
        "-keyout privkey.pem -out cert.pem 2>/dev/null\ncp cert.pem fullchain.pem; cp cert.pem chain.pem"
    )
    try:
        said = certificates(machine, "audit")
        assert f"note: the certificate of {name} is from a staging CA" in said.stdout, said
        machine.set_up(only=("nginx-https",))
        stapled = machine.said("sudo grep -B1 -A3 'ssl_stapling on;' /etc/nginx/conf.d/agentkeys.conf")
        assert stapled.count("ssl_stapling on;") == 1
        assert f"ssl_certificate_key {live}/privkey.pem" in stapled
        assert "resolver " in stapled
        assert status(machine, "audit") == "200"
    finally:
        machine.sudo(f"rm -r {live} && mv {live}.kept {live}")
    machine.set_up(only=("nginx-https", "health"))
    assert "ssl_stapling" not in machine.said("sudo cat /etc/nginx/conf.d/agentkeys.conf")
