#!/usr/bin/python3 -I
"""acme_problem.py LOG INODE:SIZE: say why the last run of certbot failed. Its output is on standard input.

LOG is certbot's log. INODE:SIZE are the file's before the run (0:0 if there was none): Debian's certbot appends to one
file, others begin a new one. Prints three lines:

    handling   account  the CA does not know the account; register another one
               again    the same request may succeed within a minute
               counted  a failed validation, which counts against a limit of the CA
               spreads  a failed validation that may succeed within a minute
               wait     a rate limit; ask again after the second of the next line
               stop     something has to change first
    second     since the epoch, 0 unless the handling is wait
    cause      what is wrong and what to do, with the CA's own words

The cause is the type of the last ACME problem document (RFC 8555 section 6.7) in the log. The output of certbot is not
enough: certbot 1.21.0 and 2.1.0 on Python 3.11 print ``AttributeError: can't set attribute`` for every problem at the
top level, and all versions put the same words before each problem.

Runs on the host's own Python, 3.9 and later.
"""

from __future__ import annotations

import calendar
import email.utils
import io
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PREFIX = "urn:ietf:params:acme:error:"
_RESPONSE = re.compile(r"Received response:\nHTTP \d+\n((?:[^\n]+\n)*)\n(?=\{)")
_NEW_CONTACT = "Change acmeEmail to an address that receives mail."

#: By type: handling, what is wrong, what to do. The registry is
#: https://www.iana.org/assignments/acme/acme.xhtml#acme-error-types
_PROBLEMS = {
    "accountDoesNotExist": ("account", "the CA does not know this host's account", "Run the step again."),
    "alreadyReplaced": ("again", "the CA has replaced this certificate already", "Run the step again."),
    "badCSR": ("stop", "the CA rejects the certificate request", "Update certbot, or choose another acmeDirectory."),
    "badNonce": ("again", "the CA rejected the request as a repeated one", "Run the step again."),
    "badPublicKey": ("stop", "the CA rejects the type of the key", "Update certbot, or choose another acmeDirectory."),
    "badSignatureAlgorithm": ("stop", "the CA rejects the type of the account's key", "Update certbot."),
    "caa": (
        "counted",
        "CAA records of the name or of a parent forbid this CA",
        "Add a CAA record (issue) with the CA's name, or choose an acmeDirectory that they allow.",
    ),
    "connection": (
        "counted",
        "the CA cannot reach TCP 80 of this host",
        "Open it in the security group, and check that the A record has this stack's address.",
    ),
    "dns": (
        "spreads",
        "DNS does not answer with this host's address yet",
        "Check the A record and, with DNSSEC, the zone's DS record; wait for the record's TTL (300 s).",
    ),
    "externalAccountRequired": (
        "stop",
        "the CA registers accounts only with an external account binding",
        "Set acmeEabKid and acmeEabHmacKey to the values that the CA's console shows.",
    ),
    "incorrectResponse": (
        "counted",
        "the answer to the challenge is not the expected one",
        "Check that the A record points to this host alone, and that no proxy is in front of it.",
    ),
    "invalidContact": ("stop", "the CA rejects the contact address", _NEW_CONTACT),
    "invalidProfile": ("stop", "the CA does not offer the requested profile", "Remove preferred-profile from certbot."),
    "malformed": ("stop", "the CA rejects the form of the request", "Check acmeDirectory, acmeEabKid and the clock."),
    "orderNotReady": ("again", "the CA is not ready to issue", "Run the step again."),
    "rateLimited": ("wait", "the CA's rate limit", "Wait until then. Do not ask before."),
    "rejectedIdentifier": (
        "stop",
        "the CA does not issue for this name",
        "Ask the CA why, or choose another name (brokerHost, zone, suffix) or acmeDirectory.",
    ),
    "serverInternal": ("again", "the CA has a fault of its own", "Check its status page, then run the step again."),
    "tls": (
        "counted",
        "the CA was redirected to HTTPS for the challenge and could not connect",
        "Check that the A record points to this host, which answers the challenge over HTTP.",
    ),
    "unauthorized": (
        "counted",
        "another server answered the challenge",
        "Check that the A record points to this host, and that nginx serves /var/www/certbot.",
    ),
    "unsupportedContact": ("stop", "the CA rejects the form of the contact address", _NEW_CONTACT),
    "unsupportedIdentifier": (
        "stop",
        "the CA does not issue for names of this kind",
        "Choose another acmeDirectory.",
    ),
    "userActionRequired": (
        "stop",
        "the CA asks for an action of the account's owner first, mostly to accept new terms",
        "Follow the link in its words.",
    ),
}

#: Texts of certbot and its libraries where no problem document came back.
_OTHERS = (
    # certbot reads it in the directory (RFC 8555 section 7.1.1) and does not ask.
    ("equires external account binding", _PROBLEMS["externalAccountRequired"]),
    (
        "Another instance of Certbot is already running",
        ("again", "another run of certbot has not ended", "Run the step again."),
    ),
    (
        "CERTIFICATE_VERIFY_FAILED",
        (
            "stop",
            "this host does not trust the certificate of the ACME directory",
            "Check acmeDirectory; the authority of a private directory belongs into the host's trust store.",
        ),
    ),
    (
        r"requests\.exceptions\.|urllib3\.exceptions\.|Max retries exceeded|HTTPSConnectionPool",
        (
            "again",
            "this host cannot reach the ACME directory",
            "Check acmeDirectory, the host's way out and the CA's status page.",
        ),
    ),
    (
        r"HTTP 5\d\d|ClientError: <Response \[5",
        ("again", "the ACME directory answers with a fault of its own", "Check the CA's status page."),
    ),
)


def _written(log: str, before: str) -> str:
    """What certbot wrote into its log in this run."""
    inode, _, size = before.partition(":")
    try:
        with Path(log).open("rb") as file:
            now = os.fstat(file.fileno())
            if str(now.st_ino) == inode and now.st_size >= int(size):
                file.seek(int(size))
            return io.TextIOWrapper(file, encoding="utf-8", errors="replace").read()
    except FileNotFoundError:
        return ""


def _problems(text: str) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None, str]]:
    """Each problem document with the headers of its response and the challenge that it is of, if any."""
    decoder = json.JSONDecoder()
    for found in _RESPONSE.finditer(text):
        try:
            document, _ = decoder.raw_decode(text, found.end())
        except ValueError:
            continue
        for problem, challenge in _inside(document, None):
            yield problem, challenge, found[1]


def _inside(value: Any, challenge: dict[str, Any] | None) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    if isinstance(value, list):
        for inner in value:
            yield from _inside(inner, challenge)
    elif isinstance(value, dict):
        if str(value.get("type")).startswith(_PREFIX):
            # A compound problem names its parts, which say more.
            parts = list(_inside(value.get("subproblems"), challenge))
            yield from parts or [(value, challenge)]
            return
        if "token" in value:
            challenge = value
        for inner in value.values():
            yield from _inside(inner, challenge)


def _until(detail: str, headers: str) -> int:
    """The second until which the CA does not want to be asked: RFC 8555 section 6.6, else Let's Encrypt's own words."""
    now = int(time.time())
    given = re.search(r"^Retry-After: *(.+)$", headers, re.MULTILINE | re.IGNORECASE)
    said = re.search(r"retry after (\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)", detail)
    found = 0
    if given and given[1].strip().isdigit():
        found = now + int(given[1])
    elif given and (moment := email.utils.parsedate(given[1])):
        found = calendar.timegm(moment)
    if said:
        found = max(found, calendar.timegm(time.strptime(f"{said[1]} {said[2]}", "%Y-%m-%d %H:%M:%S")))
    return found if found > now else now + 3600


def _ipv6_of(detail: str, challenge: dict[str, Any] | None) -> str:
    """The IPv6 address that the CA connected to, or nothing."""
    records = (challenge or {}).get("validationRecord") or [{}]
    used = str(records[-1].get("addressUsed") or "")
    found = re.match(r"([0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*): ", detail)
    return used if ":" in used else (found[1] if found else "")


def _judged(problem: dict[str, Any], challenge: dict[str, Any] | None, headers: str) -> tuple[str, int, str]:
    kind, detail = problem["type"][len(_PREFIX) :], str(problem.get("detail") or "")
    handling, cause, fix = _PROBLEMS.get(kind, ("stop", "the CA refuses", "See its words."))
    if handling in ("counted", "spreads") and challenge is None and kind not in ("caa", "dns"):
        handling, cause, fix = "stop", "the CA refuses this account", "See its words, or choose another acmeDirectory."
    address = _ipv6_of(detail, challenge)
    if address and kind in ("connection", "unauthorized", "tls", "incorrectResponse"):
        cause = f"the CA used an AAAA record, {address}, and this host answers on IPv4 only"
        fix = "Remove the AAAA record of the name."
    until = _until(detail, headers) if handling == "wait" else 0
    return handling, until, f"{cause} ({kind}). {fix} The CA says: {_one_line(detail) or 'nothing more'}"


def _one_line(text: str) -> str:
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= 400 else f"{line[:400]}..."


def main() -> tuple[str, int, str]:
    log, before = sys.argv[1:]
    said, written = sys.stdin.read(), _written(log, before)
    problems = list(_problems(written))
    # certbot repeats a request with a bad nonce itself, so that one is the cause only if it was the last word.
    if problems:
        return _judged(*problems[-1])
    for pattern, (handling, cause, fix) in _OTHERS:
        if re.search(pattern, f"{said}\n{written}"):
            return handling, 0, f"{cause}. {fix}"
    lines = [line for line in said.splitlines() if line.strip()]
    said = _one_line(" ".join(lines[-3:])) or "nothing"
    return "stop", 0, f"certbot fails for a reason of its own. See {log} on the host. It says: {said}"


if __name__ == "__main__":
    print(*main(), sep="\n")
