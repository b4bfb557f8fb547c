"""The AWS endpoint of the sandbox: moto in this process, with its state saved to disk.

Moto's state is global to the process, so a process serves one account at a time. Leaves out patches of single services
(sandbox/aws/services) and other protocols (dns.py, mail.py, acme.py).
"""

import contextlib
import io
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from moto import settings
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from sandbox.aws import catalogue, instances, ports, seed, snapshot  # noqa: F401  (catalogue comes before moto's EC2)
from sandbox.aws.faults import Faults, PlanError, failure
from sandbox.aws.iam import door, refusals
from sandbox.aws.iam.callers import CURRENT
from sandbox.aws.iam.received import MalformedError, Received, receive
from sandbox.aws.serial import RequestLock
from sandbox.aws.services import access_analyzer, dlm, install
from sandbox.aws.services.context import Context
from sandbox.aws.services.ses import answer_click
from sandbox.aws.weather import Sky, WeatherError
from sandbox.hosts.disks import Disks
from sandbox.hosts.relay import Exposure
from sandbox.hosts.seed import HostSpec
from sandbox.layout import LOOPBACK, PORTS

log = logging.getLogger(__name__)

#: Services that moto does not have.
_BESIDE_MOTO = {access_analyzer.SERVICE: access_analyzer.answer, dlm.SERVICE: dlm.answer}


class Account:
    """The emulated account, served from start() to stop()."""

    _serving: ClassVar["Account | None"] = None

    def __init__(
        self,
        home: Path,
        account_id: str,
        zone: str,
        zone_id: str,
        region: str,
        on_change: Callable[[], None],
        *,
        port: int = PORTS["aws"],
        issuer_ca: Path | None = None,
        issuer_port: int = 443,
        engine: Callable[[], int | None] = lambda: None,
    ) -> None:
        """`on_change` runs in a request's thread before the answer is sent, so it should set an event and return.

        `issuer_ca` is a PEM bundle that verifies the certificates of web identity issuers, read at each call. `engine`
        returns the process id of the engine, which some faults kill.
        """
        self.home = home
        self.account_id = account_id
        self.zone = zone
        self.zone_id = zone_id
        self.region = region
        self.port = port
        self.request_lock = RequestLock()
        self.faults = Faults(home / "faults.json", engine, self._saved)
        self.sky = Sky(home / "weather.json")
        self._purposes = (home / "faults.json", home / "weather.json")
        self._launched: dict[str, float] = {}
        self._on_change = on_change
        self._recorder = snapshot.Recorder(self.snapshot_path, self.request_lock)
        self._server: BaseWSGIServer | None = None
        self._environment: dict[str, str | None] = {}
        self._thread: threading.Thread | None = None
        self._context = Context(
            account_id=account_id,
            region=region,
            issuer_ca=issuer_ca or home / "ca" / "trust.pem",
            issuer_port=issuer_port,
            request_lock=self.request_lock,
            changed=self.changed,
        )

    @property
    def snapshot_path(self) -> Path:
        return self.home / "account.snapshot"

    @property
    def endpoint(self) -> str:
        """URL of the APIs. With port 0 it is known after start()."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def misbehaves(self) -> bool:
        """Whether a plan of faults or weather exists. Without one, a request costs two checks of the disk."""
        return any(path.exists() for path in self._purposes)

    def start(self) -> None:
        """Restore the account, or create it the first time, and serve it. Returns when it answers."""
        if Account._serving is not None:
            raise RuntimeError("this process already serves an account; stop it before starting another")
        ports.require_free(self.port, "the AWS APIs")
        self.home.mkdir(parents=True, exist_ok=True)
        wanted = {
            "MOTO_ACCOUNT_ID": self.account_id,
            "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
            # Otherwise every snapshot would hold thousands of moto's images.
            "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
        }
        self._environment = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        # A misspelt image, key pair or instance type must fail as it does on AWS.
        settings.ENABLE_AMI_VALIDATION = True
        settings.ENABLE_KEYPAIR_VALIDATION = True
        settings.EC2_ENABLE_INSTANCE_TYPE_VALIDATION = True
        snapshot.return_buffers()
        snapshot.forget()
        install(self._context)
        if self.snapshot_path.exists():
            snapshot.load(self.snapshot_path)
        else:
            seed.seed(self.home, account_id=self.account_id, zone=self.zone, zone_id=self.zone_id, region=self.region)
            snapshot.save(self.snapshot_path, self.request_lock)
        seed.complete(self.account_id, self.region)
        application = _Application(self)
        self._server = make_server(LOOPBACK, self.port, application, threaded=True, request_handler=_QuietHandler)
        self.port = int(self._server.server_address[1])
        # An account can be started again; a thread cannot.
        self._recorder = snapshot.Recorder(self.snapshot_path, self.request_lock)
        self._recorder.start()
        self._thread = threading.Thread(target=self._server.serve_forever, name="account-apis", daemon=True)
        self._thread.start()
        Account._serving = self

    def stop(self) -> None:
        """Stop answering and write the snapshot. Does nothing if the account is not served."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server = None
        # Processes that start later must not inherit the account's variables.
        for name, value in self._environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        Account._serving = None
        self._recorder.stop()

    def restore(self, path: Path) -> None:
        """Replace the account's content by that of an earlier ``snapshot_path``. Raises SnapshotError."""
        with self.request_lock.held():
            snapshot.forget()
            snapshot.load(path)
            seed.complete(self.account_id, self.region)
            self._launched.clear()
        self.changed()
        self.hosts_changed()

    @contextlib.contextmanager
    def _saved(self) -> Iterator[None]:
        """Save the state, and answer no call inside the block."""
        with self.request_lock.held():
            snapshot.save(self.snapshot_path, self.request_lock)
            yield

    def changed(self) -> None:
        """Save the state after a change that was no request, for example a received mail."""
        self._recorder.touch()

    def hosts_changed(self) -> None:
        """Instances, addresses or rules may have changed."""
        self._on_change()

    def host_specs(self) -> list[HostSpec]:
        """Specifications of the running instances' hosts, without those that the weather still delays."""
        with self.request_lock.held():
            specs = instances.host_specs(self.account_id, self.region)
        now, boot = time.monotonic(), self.sky.weather.boot
        late = {
            spec.instance_id: left
            for spec in specs
            if (left := self._launched.setdefault(spec.instance_id, now) + boot - now) > 0
        }
        for left in late.values():
            again = threading.Timer(left + 0.1, self.hosts_changed)
            again.daemon = True
            again.start()
        return [spec for spec in specs if spec.instance_id not in late]

    def take_snapshots(self) -> list[str]:
        """Make the snapshots that Data Lifecycle Manager's policies ask for. Returns a line for each."""
        with self.request_lock.held():
            told = dlm.take(self.account_id, self.region)
        self.changed()
        self.hosts_changed()
        return told

    def disks(self) -> Disks:
        """The volumes and snapshots whose content hosts' disks may have."""
        with self.request_lock.held():
            return instances.disks(self.account_id, self.region)

    def exposures(self) -> list[Exposure]:
        """The ports that security groups open on elastic addresses."""
        with self.request_lock.held():
            return instances.exposures(self.account_id, self.region)


class _Application:
    """Moto behind the lock and the authorization checks. It reports changes."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = _buffer(environ)
        try:
            answered = self._on_purpose(environ, body) if self._account.misbehaves else None
        except (PlanError, WeatherError) as error:
            # A fault that is ignored would make a test pass.
            answered = "500 Internal Server Error", [("Content-Type", "text/plain")], str(error).encode()
        if answered is None:
            with self._account.request_lock.held():
                answered = self._answer(environ, body)
        status, headers, answer = answered
        start_response(status, headers)
        return [answer]

    def _on_purpose(self, environ: dict[str, Any], body: bytes) -> refusals.Response | None:
        """Answer a request under the faults and the weather. Return None if it cannot be read.

        Other requests continue while one waits. Raises PlanError, WeatherError and DroppedError.
        """
        faults, sky = self._account.faults, self._account.sky
        try:
            with self._account.request_lock.held():
                received = receive(environ, body)
        except MalformedError:
            return None
        answered = sky.before(received)
        if answered is not None:
            return answered
        fault = faults.pick(received)
        answered = faults.before(fault, received, environ) if fault else None
        if answered is not None:
            return answered
        with self._account.request_lock.held():
            answered = self._answer(environ, body)
        sky.after(received, answered)
        if fault:
            faults.after(fault, environ)
        return answered

    def _answer(self, environ: dict[str, Any], body: bytes) -> refusals.Response:
        clicked = answer_click(str(environ.get("HTTP_HOST", "")), str(environ.get("QUERY_STRING", "")))
        if clicked is not None:
            self._account.changed()
            return clicked
        try:
            received = receive(environ, body)
            refusal = door.ask(received, environ, self._account.account_id)
        except MalformedError as error:
            received = Received.unreadable(environ, body)
            refusal = refusals.Refusal(code="MalformedRequest", message=str(error))
        if refusal is not None:
            log.debug("%s %s refused: %s", received.service, received.operation, refusal.code)
            return refusals.answer(refusal, received)
        answer = self._let_in(environ, received)
        if not received.reads:
            self._account.changed()
            if received.service == "ec2":
                self._account.hosts_changed()
        return answer

    def _let_in(self, environ: dict[str, Any], received: Received) -> refusals.Response:
        if received.service in _BESIDE_MOTO:
            account_id = CURRENT.get().account_id or self._account.account_id
            return _BESIDE_MOTO[received.service](received, account_id)
        captured: list[Any] = []

        def capture(status: str, headers: list[tuple[str, str]], _failure: Any = None) -> Callable[[bytes], object]:
            captured[:] = [status, headers]
            return lambda _: None

        try:
            chunks = self._moto(environ, capture)
            answer = b"".join(chunks)
            close = getattr(chunks, "close", None)
            if close:
                close()
        except NotImplementedError as error:
            message = f"the sandbox's account does not implement this: {error}"
            return failure("501 Not Implemented", "NotImplemented", message, received)
        except Exception as error:
            log.exception("%s %s failed inside the emulated account", received.service, received.operation)
            return failure("500 Internal Server Error", "InternalFailure", f"{type(error).__name__}: {error}", received)
        return captured[0], captured[1], answer


class _QuietHandler(MotoRequestHandler):
    """Logs requests at debug level instead of printing them."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: ARG002
        log.debug("%s %s", self.address_string(), message % args if args else message)


def _buffer(environ: dict[str, Any]) -> bytes:
    # Read before the lock is taken, so that a slow client does not block others.
    if environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read()
        environ["CONTENT_LENGTH"] = str(len(body))
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return bytes(body)
