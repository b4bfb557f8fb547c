"""An ACME directory in front of pebble that answers some requests with a problem, as an authority's limits do."""

import http.server
import json
import ssl
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from sandbox.aws.acme import AcmeServer
from sandbox.layout import LOOPBACK

PREFIX = "urn:ietf:params:acme:error:"
#: Of one connection, which the next request must not meet.
_DROPPED = ("connection", "transfer-encoding", "content-length", "accept-encoding")


@dataclass(kw_only=True)
class Refusal:
    """``path`` is the start of the request's; ``times`` how often it is refused, always if None."""

    path: str
    problem: dict[str, Any]
    status: int
    headers: dict[str, str]
    times: int | None = None


@dataclass
class AcmeFront:
    """``refuse`` and ``fail_challenges`` add answers; every other request reaches pebble. ``asked`` has the paths."""

    authority: AcmeServer
    asked: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    challenge: dict[str, Any] | None = None

    def __enter__(self) -> Self:
        context = ssl.create_default_context(cafile=str(self.authority.own_ca))
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        self._server = http.server.ThreadingHTTPServer((LOOPBACK, 0), _handler(self))
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        folder = self.authority.own_ca.parent
        served.load_cert_chain(folder / "acme.pem", folder / "acme.key")
        self._server.socket = served.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def directory(self) -> str:
        return f"https://{LOOPBACK}:{self._server.server_port}/dir"

    def refuse(
        self, path: str, kind: str, detail: str, status: int = 403, times: int | None = None, **headers: str
    ) -> None:
        problem = {"type": PREFIX + kind, "detail": detail, "status": status}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.refusals.append(Refusal(path=path, problem=problem, status=status, headers=named, times=times))

    def fail_challenges(self, kind: str, detail: str, address: str = "198.51.100.7") -> None:
        """Pebble's authorizations as an authority shows them whose validation failed."""
        self.challenge = {
            "status": "invalid",
            "error": {"type": PREFIX + kind, "detail": detail, "status": 400},
            "validationRecord": [{"addressUsed": address}],
        }

    def clear(self) -> None:
        self.asked.clear()
        self.refusals.clear()
        self.challenge = None

    def orders(self) -> int:
        return self.asked.count("/order-plz")

    def refusal_of(self, path: str) -> Refusal | None:
        for refusal in self.refusals:
            if path.startswith(refusal.path) and refusal.times != 0:
                if refusal.times is not None:
                    refusal.times -= 1
                return refusal
        return None

    def upstream(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Any:
        url = f"https://{LOOPBACK}:{self.authority.port}{path}"
        try:
            return self._opener.open(urllib.request.Request(url, data=body, method=method, headers=headers), timeout=10)
        except urllib.error.HTTPError as error:
            return error


def _handler(front: AcmeFront) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def answer(self) -> None:
            front.asked.append(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _DROPPED}
            if refusal := front.refusal_of(self.path):
                with front.upstream("HEAD", "/nonce-plz", {"Host": self.headers["Host"]}, None) as nonce:
                    given = {"Replay-Nonce": nonce.headers["Replay-Nonce"], **refusal.headers}
                self.send(refusal.status, {"Content-Type": "application/problem+json", **given}, refusal.problem)
                return
            with front.upstream(self.command, self.path, headers, body) as done:
                content = done.read()
                given = {name: value for name, value in done.headers.items() if name.lower() not in _DROPPED}
                document: Any = content
                if front.challenge and self.path.startswith("/authZ/"):
                    document = json.loads(content)
                    document["status"] = "invalid"
                    for each in document["challenges"]:
                        if each["type"] == "http-01":
                            each.update(front.challenge)
                status = done.status
                if front.challenge and self.path.startswith("/chalZ/") and status != 200:
                    # Pebble has validated it in an earlier order.
                    url = f"https://{self.headers['Host']}{self.path}"
                    status, document = 200, {"type": "http-01", "url": url, "status": "processing", "token": "x"}
                    up = f'<https://{self.headers["Host"]}/authZ/x>;rel="up"'
                    given = {**given, "Content-Type": "application/json", "Link": up}
                self.send(status, given, document)

        do_GET = do_HEAD = do_POST = answer  # noqa: N815 - the names of http.server

        def send(self, status: int, headers: dict[str, str], document: Any) -> None:
            content = document if isinstance(document, bytes) else json.dumps(document, indent=2).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    return Handler
