"""Saves the account's state to disk and restores it.

All backends are pickled together, because they refer to each other. Leaves out the content of a new account (seed.py).
"""

import ctypes
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

from sandbox.aws.serial import RequestLock

log = logging.getLogger(__name__)

#: Services whose state is saved. kms holds the key that default EBS encryption creates.
SERVICES = ("cloudwatch", "ec2", "iam", "kms", "route53", "s3", "s3control", "ses", "sesv2", "sns", "sts")

_FORMAT = 1

#: Delay between a change and the write, so that a burst of requests causes one write.
_DELAY_SECONDS = 0.5

#: A parameter of mallopt in glibc's malloc.h: larger allocations are mapped, and unmapped when they are freed.
_M_MMAP_THRESHOLD = -3

#: First line of the file: everything that must be equal for the pickle to be readable.
HEADER = f"agentkeys account snapshot {_FORMAT}, moto {version('moto')}, python {platform.python_version()}\n".encode()


class SnapshotError(RuntimeError):
    """This version of the sandbox cannot use the snapshot."""


def return_buffers() -> None:
    """Let glibc return each snapshot's buffers to the system. By default, it keeps them for the next snapshot.

    https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 1 << 20)


def forget() -> None:
    """Empty every backend of this process."""
    instances: list[BackendDict[Any]] = BackendDict._instances  # type: ignore[misc]
    for backends in list(instances):
        backends.clear()
    instances.clear()
    s3_backends.bucket_accounts.clear()


def save(path: Path, request_lock: RequestLock) -> None:
    """Write all backends to `path` atomically."""
    with request_lock.held():
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
    """Replace the content of moto's backends with that of `path`. Raises SnapshotError."""
    content = path.read_bytes()
    header, separator, pickled = content.partition(b"\n")
    if header + separator != HEADER:
        seen = header[:100].decode(errors="replace")
        raise SnapshotError(
            f"{path} was written by another version: it starts with {seen!r}, and this sandbox reads "
            f"{HEADER.decode().strip()!r}; run `make sandbox-reset` to start with a new account"
        )
    try:
        # Safe to unpickle: the file has mode 0600 in the sandbox's own home, and its header was checked.
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
    """Pickles private keys, which pickle cannot, and a bucket's older versions, which its items() hides."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, (RSAPrivateKey, EllipticCurvePrivateKey, Ed25519PrivateKey)):
            der = obj.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            return _private_key, (der,)
        if isinstance(obj, _VersionedKeyStore):
            return _versioned_keys, (dict(dict.items(obj)),)
        return NotImplemented


#: Present module by the name in snapshots of earlier versions.
_MOVED = {"sandbox.account.snapshot": "sandbox.aws.snapshot"}


class _Unpickler(pickle.Unpickler):
    """Reads snapshots of earlier versions, so that an account survives an upgrade of the program."""

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
    """Writes the snapshot shortly after each change, in its own thread."""

    def __init__(self, path: Path, request_lock: RequestLock) -> None:
        self._path = path
        self._request_lock = request_lock
        self._changed = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="account-snapshot", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def touch(self) -> None:
        """Schedule a write."""
        self._changed.set()

    def stop(self) -> None:
        """Write the last changes and stop. Raises if that write fails."""
        self._ending.set()
        self._changed.set()
        self._thread.join()
        save(self._path, self._request_lock)

    def _run(self) -> None:
        while not self._ending.is_set():
            self._changed.wait()
            if self._ending.wait(_DELAY_SECONDS):
                return
            self._changed.clear()
            try:
                save(self._path, self._request_lock)
            except Exception:
                # The disk may have space again soon. Meanwhile the account keeps answering.
                log.exception("could not write the account's snapshot %s; trying again", self._path)
                self._changed.set()
