"""The name servers of the account's public zones: DNS over UDP and TCP, and DNS over HTTPS in its two JSON forms.

Names of other zones are refused. Leaves out the lookup (records.py).
"""

import json
import logging
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dnslib import QTYPE, RCODE, RR, DNSRecord  # type: ignore[import-untyped]
from dnslib.server import BaseResolver, DNSHandler, DNSLogger, DNSServer  # type: ignore[import-untyped]

from sandbox.aws import ports, records
from sandbox.aws.server import Account
from sandbox.layout import LOOPBACK, PORTS

log = logging.getLogger(__name__)

CLOUDFLARE_PATH = "/dns-query"
GOOGLE_PATH = "/resolve"
_CLOUDFLARE_TYPE = "application/dns-json"


def _ask(account: Account, name: str, record_type: str) -> records.Answer:
    with account.request_lock.held():
        return records.lookup(account.account_id, name, record_type)


class NameServer:
    """Authoritative DNS on one port, UDP and TCP."""

    def __init__(self, account: Account, *, port: int = PORTS["dns"]) -> None:
        self.port = port
        self._resolver = _Resolver(account)
        self._servers: list[DNSServer] = []

    def start(self) -> None:
        """Listen. Returns when queries are answered."""
        ports.require_free(self.port, "the account's name server")
        ports.require_free(self.port, "the account's name server", udp=True)
        quiet = DNSLogger(log="", logf=log.debug)
        tcp = DNSServer(self._resolver, port=self.port, address=LOOPBACK, tcp=True, logger=quiet, handler=_Handler)
        self.port = int(tcp.server.server_address[1])
        udp = DNSServer(self._resolver, port=self.port, address=LOOPBACK, logger=quiet, handler=_Handler)
        self._servers = [tcp, udp]
        for server in self._servers:
            server.start_thread()

    def stop(self) -> None:
        """Stop listening."""
        for server in self._servers:
            server.stop()
            server.server.server_close()
        self._servers = []


class _Handler(DNSHandler):  # type: ignore[misc]
    """Logs clients that disconnect or do not send DNS at debug level only."""

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, IndexError) as error:
            log.debug("a DNS client disconnected or sent no DNS: %s", error)


class _Resolver(BaseResolver):  # type: ignore[misc]
    def __init__(self, account: Account) -> None:
        self._account = account

    def resolve(self, request: DNSRecord, _handler: Any) -> DNSRecord:
        reply = request.reply(ra=0)
        answer = _ask(self._account, str(request.q.qname), QTYPE.get(request.q.qtype))
        reply.header.rcode = getattr(RCODE, answer.status.name)
        reply.add_answer(*_resource_records(answer.records))
        reply.add_auth(*_resource_records(answer.authority))
        return reply


def _resource_records(found: Iterable[records.Record]) -> list[RR]:
    return [
        parsed
        for record in found
        for parsed in RR.fromZone(f"{record.name} {record.ttl} IN {record.type} {record.data}")
    ]


class DohServer:
    """DNS over HTTPS in JSON, served as plain HTTP: Cloudflare's form at /dns-query, Google's at /resolve."""

    def __init__(self, account: Account, *, port: int = PORTS["doh"]) -> None:
        self.port = port
        self._account = account
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Listen. Returns when queries are answered."""
        ports.require_free(self.port, "DNS over HTTPS")
        account = self._account

        class Handler(_JsonHandler):
            served = account

        self._server = ThreadingHTTPServer((LOOPBACK, self.port), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, name="account-doh", daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _JsonHandler(BaseHTTPRequestHandler):
    served: Account

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        cloudflare = parts.path == CLOUDFLARE_PATH
        if not cloudflare and parts.path != GOOGLE_PATH:
            self._reply(404, {"error": f"unknown path; use {CLOUDFLARE_PATH} or {GOOGLE_PATH}"})
            return
        wanted = f"{self.headers.get('Accept', '')} {query.get('ct', '')}"
        if cloudflare and _CLOUDFLARE_TYPE not in wanted:
            self._reply(400, {"error": f"the header Accept: {_CLOUDFLARE_TYPE} is missing"})
            return
        number = _type_number(query.get("type", "A"))
        if not query.get("name") or number is None:
            self._reply(400, {"error": f"Invalid query: name {query.get('name')!r}, type {query.get('type', 'A')!r}"})
            return
        self._reply(200, _answer(self.served, query["name"], number, cloudflare=cloudflare))

    def _reply(self, status: int, document: dict[str, Any]) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        cloudflare = self.path.startswith(CLOUDFLARE_PATH)
        self.send_header("Content-Type", _CLOUDFLARE_TYPE if cloudflare else "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)


def _type_number(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    number = QTYPE.reverse.get(text.upper())
    return int(number) if number is not None else None


def _answer(account: Account, name: str, number: int, *, cloudflare: bool) -> dict[str, Any]:
    answer = _ask(account, name, str(QTYPE.get(number)))
    # Cloudflare writes names without the final dot, Google with it.
    shown = name.rstrip(".") if cloudflare else name.rstrip(".") + "."
    # A public resolver answers SERVFAIL if a zone refuses its query, never REFUSED.
    status = 2 if answer.status is records.Status.REFUSED else answer.status.value
    document: dict[str, Any] = {
        "Status": status,
        "TC": False,
        "RD": True,
        "RA": True,
        "AD": False,
        "CD": False,
        "Question": [{"name": shown, "type": number}],
    }
    for section, found in (("Answer", answer.records), ("Authority", answer.authority)):
        if found:
            document[section] = [_json_record(record, cloudflare=cloudflare) for record in found]
    return document


def _json_record(record: records.Record, *, cloudflare: bool) -> dict[str, Any]:
    data = record.data
    if record.type == "TXT" and not cloudflare:
        # Google joins the strings of a TXT record without their quotes.
        data = "".join(part for index, part in enumerate(data.split('"')) if index % 2) or data
    return {
        "name": record.name.rstrip(".") if cloudflare else record.name,
        "type": QTYPE.reverse[record.type],
        "TTL": record.ttl,
        "data": data,
    }
