"""The account's state on disk, so that it outlives the process.

Owns the file's format, when it is written, and putting its content back into moto. Leaves out what is in an account on
its first start (seed.py). The whole of each backend is pickled together, since they refer to each other.
"""

import io
import logging
import os
import pickle
import platform
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from moto.backends import get_backend
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.s3.models import s3_backends
from moto.s3.utils import _VersionedKeyStore

from sandbox.aws.serial import Gate

log = logging.getLogger(__name__)

#: Services whose state is kept. kms is here for the key that default EBS encryption makes.
SERVICES = ("ec2", "iam", "kms", "route53", "s3", "s3control", "ses", "sesv2", "sts")

_FORMAT = 1

#: How long after a change the file is written; a burst of requests becomes one write.
_DELAY_SECONDS = 0.5

#: The first line of the file: whatever must be equal for the pickle to mean the same.
HEADER = f"agentkeys account snapshot {_FORMAT}, moto {version('moto')}, python {platform.python_version()}\n".encode()


class SnapshotError(RuntimeError):
    """The snapshot cannot be used by this version of the sandbox."""


def forget() -> None:
    """Empty every backend of this process."""
    instances: list[BackendDict[Any]] = BackendDict._instances  # type: ignore[misc]
    for backends in list(instances):
        backends.clear()
    instances.clear()
    s3_backends.bucket_accounts.clear()


def save(path: Path, gate: Gate) -> None:
    """Write all backends to `path`, whole or not at all."""
    with gate.held():
        content = _pickled(_state())
    partial = path.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(HEADER)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def load(path: Path) -> None:
    """Put the content of `path` into moto's backends in place of what they hold."""
    content = path.read_bytes()
    header, separator, pickled = content.partition(b"\n")
    if header + separator != HEADER:
        seen = header[:100].decode(errors="replace")
        raise SnapshotError(
            f"{path} was written by another version: it says {seen!r}, this sandbox reads "
            f"{HEADER.decode().strip()!r}; run `make sandbox-reset` to start with a new account"
        )
    try:
        # The file is mode 0600 in the sandbox's own home and its header is checked: nobody else's pickle comes here.
        state = _Unpickler(io.BytesIO(pickled)).load()
        _restore(state)
    except Exception as error:
        raise SnapshotError(
            f"{path} cannot be read ({type(error).__name__}: {error}); "
            "run `make sandbox-reset` to start with a new account"
        ) from error


def _private_key(der: bytes) -> Any:
    return serialization.load_der_private_key(der, None)


def _versioned_keys(versions: dict[str, list[Any]]) -> _VersionedKeyStore:
    store = _VersionedKeyStore()
    for name, keys in versions.items():
        dict.__setitem__(store, name, keys)
    return store


class _Pickler(pickle.Pickler):
    """What pickle gets wrong: keys are no Python objects, and a bucket's own items() hides its older versions."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, (RSAPrivateKey, EllipticCurvePrivateKey, Ed25519PrivateKey)):
            der = obj.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            return _private_key, (der,)
        if isinstance(obj, _VersionedKeyStore):
            return _versioned_keys, (dict(dict.items(obj)),)
        return NotImplemented


#: Modules that snapshots of earlier versions name, by where they are now.
_MOVED = {"sandbox.account.snapshot": "sandbox.aws.snapshot"}


class _Unpickler(pickle.Unpickler):
    """Reads what a version before wrote: an account that is up survives an upgrade of the program."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(_MOVED.get(module, module), name)


def _pickled(state: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(state)
    return buffer.getvalue()


def _state() -> dict[str, Any]:
    backends = {
        service: {account: dict(regions) for account, regions in get_backend(service).items()}  # type: ignore[call-overload]
        for service in SERVICES
    }
    return {"backends": backends, "bucket_accounts": dict(s3_backends.bucket_accounts)}


def _restore(state: dict[str, Any]) -> None:
    for service, accounts in state["backends"].items():
        for account, regions in accounts.items():
            for region, backend in regions.items():
                regional: AccountSpecificBackend[Any] = get_backend(service)[account]
                regional[region] = backend
    s3_backends.bucket_accounts.update(state["bucket_accounts"])


class Recorder:
    """Writes the snapshot shortly after each change, in a thread of its own."""

    def __init__(self, path: Path, gate: Gate) -> None:
        self._path = path
        self._gate = gate
        self._changed = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="account-snapshot", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def touch(self) -> None:
        """Something changed."""
        self._changed.set()

    def stop(self) -> None:
        """Write what is not written yet and end; raises when that last write fails."""
        self._ending.set()
        self._changed.set()
        self._thread.join()
        save(self._path, self._gate)

    def _run(self) -> None:
        while not self._ending.is_set():
            self._changed.wait()
            if self._ending.wait(_DELAY_SECONDS):
                return
            self._changed.clear()
            try:
                save(self._path, self._gate)
            except Exception:
                # A full disk may have room again soon; the account goes on answering meanwhile.
                log.exception("the account's snapshot %s could not be written; it is tried again", self._path)
                self._changed.set()
