"""The command line of the gates, one row each: ``python -m gates --help``."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gates import TIMEOUTS, dns, issuer, ssh
from gates.wait import wait

Parser = argparse.ArgumentParser
Given = argparse.Namespace


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One wait."""

    #: First sentence of its help.
    summary: str
    #: Adds its arguments.
    arguments: Callable[[Parser], object]
    #: What it waits for, as in "SSH on 3.208.12.34".
    what: Callable[[Given], str]
    #: The check: its answer, or NotYet.
    check: Callable[[Given], Callable[[], str]]
    #: What to do when the answer does not come.
    fix: str
    #: Refuses an answer, by SystemExit.
    judge: Callable[[Given, str], None] = lambda _given, _answer: None


def _doh(parser: Parser) -> None:
    parser.add_argument("--doh", action="append", required=True, help="a DNS-over-HTTPS URL, repeatable")


def _host_key_arguments(parser: Parser) -> None:
    parser.add_argument("address", help="the host's elastic IP")


def _pinned(given: Given, answer: str) -> None:
    """The host key is the one that this resource printed before, as long as its instance lives."""
    pinned = os.environ.get("PULUMI_COMMAND_STDOUT", "").strip()
    if pinned not in ("", answer):
        raise SystemExit(
            f"SSH on {given.address}: the host key differs from the one that was pinned for this instance. Another "
            "machine answers there, or somebody impersonates the host; nothing was sent. Check which machine has the "
            "address. If the host's key was replaced on purpose, run "
            "`pulumi up --target-replace '**setup-host-key'` to pin the new one."
        )


def _login_arguments(parser: Parser) -> None:
    parser.add_argument("--host-key", required=True, help="the host's key, as the gate host-key prints it")
    parser.add_argument("target", metavar="USER@ADDRESS")


def _login_check(given: Given) -> Callable[[], str]:
    private_key = sys.stdin.read()
    return lambda: ssh.logged_in(given.target, private_key, given.host_key)


def _dns_arguments(parser: Parser) -> None:
    parser.add_argument("--address", required=True, help="the stack's elastic IP")
    _doh(parser)
    parser.add_argument("hosts", nargs="+")


def _records_arguments(parser: Parser) -> None:
    _doh(parser)
    parser.add_argument("records", nargs="+", metavar="RECORD", help="'<name> <type> <value>'")


def _issuer_arguments(parser: Parser) -> None:
    _doh(parser)
    parser.add_argument("--ca-bundle", default="", help="PEM file of authorities in place of this computer's")
    parser.add_argument("host")


GATES = {
    "host-key": Gate(
        summary="wait for SSH and print the host's key",
        arguments=_host_key_arguments,
        what=lambda given: f"SSH on {given.address}",
        check=lambda given: lambda: ssh.host_key(given.address),
        fix="Check that the instance runs and that sshCidrs lets this computer reach port 22.",
        judge=_pinned,
    ),
    "login": Gate(
        summary="wait until the host accepts the private key on standard input",
        arguments=_login_arguments,
        what=lambda given: f"SSH to {given.target}",
        check=_login_check,
        fix="`Permission denied` means that the host does not have this key: put the number of the key that it has "
        "first in sshKeyEpochs and the new one behind it, for example [1, 2] (where hostInstanceId is set, set "
        "hostPrivateKey to the key that it has). Nothing was removed; see docs/runbook.md, Rotate the SSH key.",
    ),
    "dns": Gate(
        summary="wait until every resolver gives exactly the address for every host",
        arguments=_dns_arguments,
        what=lambda given: f"DNS of {len(given.hosts)} hosts",
        check=lambda given: lambda: dns.visible(given.hosts, given.address, given.doh),
        fix="NXDOMAIN means that the zone is not delegated yet or that a negative answer is cached; another address "
        "means a record that this stack does not own.",
    ),
    "records": Gate(
        summary="wait until somebody has published the records, and report which are missing",
        arguments=_records_arguments,
        what=lambda given: f"{len(given.records)} records",
        check=lambda given: lambda: dns.published(given.records, given.doh),
        fix="Publish them where the zone is kept (`agentkeys records` prints them in other forms).",
    ),
    "issuer": Gate(
        summary="wait until STS can use the issuer, and print its thumbprint",
        arguments=_issuer_arguments,
        what=lambda given: f"the issuer https://{given.host}",
        check=lambda given: lambda: issuer.issuer(given.host, given.doh, given.ca_bundle),
        fix="Check port 443 of the firewall, the certificate (`ls /etc/letsencrypt/live` on the host) and "
        "`systemctl status agentkeys-broker`.",
    ),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Waits for one gate and prints its answer. Raises SystemExit with what was seen and how to continue."""
    parser = Parser(prog="python -m gates", description="Wait for what `pulumi up` waits for.")
    commands = parser.add_subparsers(dest="gate", required=True, metavar="GATE")
    for name, gate in GATES.items():
        command = commands.add_parser(name, help=gate.summary, description=gate.summary)
        seconds = TIMEOUTS[name]
        command.add_argument("--timeout", type=float, default=seconds, help=f"seconds to wait (default {seconds})")
        gate.arguments(command)
    given = parser.parse_args(arguments)
    for program in ("ssh", "ssh-keyscan", "openssl"):
        if shutil.which(program) is None:
            raise SystemExit(
                f"{program} is not on PATH and this gate needs it. Install it, then run `pulumi up` again."
            )
    gate = GATES[given.gate]
    answer = wait(gate.check(given), what=gate.what(given), seconds=given.timeout, fix=gate.fix)
    gate.judge(given, answer)
    print(answer)


if __name__ == "__main__":
    main()
