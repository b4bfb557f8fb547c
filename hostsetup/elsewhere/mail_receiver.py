#!/usr/bin/python3 -I
"""Receives mail over SMTP and keeps it in a spool: ``mail_receiver.py CONFIGURATION``, with the socket from systemd.

Takes mail for one domain and relays nothing. A message is answered with 250 only after it is on the disk under its
final name, so a kill or a power cut loses nothing that was accepted. Whatever keeps it from the disk is answered with
4xx, and the sender tries again. ``mail_delivery.py`` takes the messages to the bucket.
"""

import asyncio
import contextlib
import email.utils
import functools
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

#: The first socket that systemd passes (sd_listen_fds(3)).
FIRST_SOCKET = 3
#: Seconds without a command or data before a connection is closed (RFC 5321 section 4.5.3.2.7).
IDLE_SECONDS = 300
#: Seconds for a whole message, so that slow senders cannot hold every place.
DATA_SECONDS = 600
#: Open connections; more are turned away for now.
CONNECTIONS = 50
#: Recipients of a message (RFC 5321 section 4.5.3.1.8).
RECIPIENTS = 100
#: Received lines after which a message is in a loop (RFC 5321 section 6.3).
HOPS = 100
#: Lines longer than RFC 5321's 1000 octets exist in real mail.
LINE_OCTETS = 65536
#: Names of files that are not complete start so.
UNFINISHED = "."
NO_ROOM = "452 4.3.1 Insufficient system storage, try again later"


def keep(spool: Path, head: bytes, content: bytes) -> str:
    """Write a message and return its name, once it is on the disk. Raises OSError and leaves nothing then."""
    # In the form of SES's message ids; letters and digits, so that it can be part of an object's key.
    name = secrets.token_hex(20)
    unfinished = spool / (UNFINISHED + name)
    try:
        with unfinished.open("xb") as file:
            file.write(head)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(spool / name)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    folder = os.open(spool, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # The rename is on the disk when its folder is.
        os.fsync(folder)
    finally:
        os.close(folder)
    return name


class Handler:
    """Decides about senders, recipients and messages."""

    def __init__(self, configuration: "dict[str, Any]") -> None:
        self.domain = str(configuration["domain"])
        self.name = str(configuration["name"])
        self.limit = int(configuration["limit_bytes"])
        self.least_free = int(configuration["least_free_bytes"])
        self.spool = Path(configuration["spool"])

    def has_room(self) -> bool:
        try:
            return shutil.disk_usage(self.spool).free >= self.least_free + self.limit
        except OSError:
            return False

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Any, address: str, mail_options: "list[str]"
    ) -> str:
        if not self.has_room():
            return NO_ROOM
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Any, address: str, rcpt_options: "list[str]"
    ) -> str:
        local, _, domain = address.rpartition("@")
        # A name without a domain is a mailbox of the server. postmaster has no domain then (RFC 5321 section 4.5.1).
        if (local and domain.lower() != self.domain) or (not local and address.lower() != "postmaster"):
            return f"550 5.7.1 No mail for {domain or address} here, only for {self.domain}"
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content
        header = content.partition(b"\r\n\r\n")[0].lower()
        if header.count(b"\r\nreceived:") + header.startswith(b"received:") > HOPS:
            return "554 5.4.6 Too many hops"
        if not self.has_room():
            return NO_ROOM
        head = self.trace(session, envelope)
        try:
            name = await asyncio.get_running_loop().run_in_executor(None, keep, self.spool, head, content)
        except OSError as error:
            print(f"a message of {len(content)} bytes was not accepted: {error}", flush=True)
            return NO_ROOM
        print(f"{name} accepted, {len(content)} bytes", flush=True)
        return f"250 2.0.0 OK {name}"

    def trace(self, session: Any, envelope: Any) -> bytes:
        """The lines that a receiving server adds (RFC 5321 section 4.4)."""
        peer = session.peer[0] if isinstance(session.peer, tuple) else "unknown"
        protocol = ("ESMTP" if session.extended_smtp else "SMTP") + ("S" if session.ssl else "")
        # One recipient only: more would tell each of the others.
        for_whom = f"\r\n for <{envelope.rcpt_tos[0]}>" if len(envelope.rcpt_tos) == 1 else ""
        lines = (
            f"Return-Path: <{envelope.mail_from}>\r\n"
            f"Received: from {session.host_name or 'unknown'} ([{peer}])\r\n by {self.name} with {protocol}{for_whom};"
            f"\r\n {email.utils.formatdate()}\r\n"
        )
        return lines.encode("utf-8", "surrogateescape")


class Receiver(SMTP):
    """One connection."""

    line_length_limit = LINE_OCTETS
    #: All connections that are open.
    connections: "set[Receiver]" = set()  # noqa: RUF012 - one for the process

    def __init__(self, handler: Handler, places: asyncio.Semaphore, **options: Any) -> None:
        super().__init__(handler, **options)
        self._places = places
        self._turned_away = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self not in self.connections and len(self.connections) >= CONNECTIONS:
            self._turned_away = True
            assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - a type, not a check
            transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
            transport.close()
            return
        self.connections.add(self)
        if self._original_transport is not None:
            # What came before the handshake was not protected by it (RFC 3207 section 4.2); aiosmtpd before 1.4.6
            # keeps it.
            self._reader._buffer.clear()  # type: ignore[attr-defined]
        super().connection_made(transport)

    def connection_lost(self, error: "Exception | None") -> None:
        self.connections.discard(self)
        if not self._turned_away:
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if not self._turned_away:
            super().data_received(data)

    def eof_received(self) -> "bool | None":
        return None if self._turned_away else super().eof_received()

    # aiosmtpd keeps what HELP prints at the method.
    @functools.wraps(SMTP.smtp_DATA)
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        async with self._places:
            try:
                await asyncio.wait_for(super().smtp_DATA(arg), DATA_SECONDS)
            except asyncio.TimeoutError:
                await self.push("421 4.4.2 The message took too long")
                if self.transport is not None:
                    self.transport.close()


def certificate(folder: Path) -> ssl.SSLContext:
    """The context of the certificate that systemd passes from certbot's folder."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / "fullchain.pem", folder / "privkey.pem")
    return context


async def serve(configuration: "dict[str, Any]", listener: socket.socket, context: ssl.SSLContext) -> None:
    """Receive until SIGTERM. Messages that are being written then are finished."""
    spool = Path(configuration["spool"])
    for unfinished in spool.glob(f"{UNFINISHED}*"):
        # Of a process that was killed before it accepted the message.
        unfinished.unlink()
    loop = asyncio.get_running_loop()
    handler, places = Handler(configuration), asyncio.Semaphore(configuration["at_once"])

    def connection() -> Receiver:
        return Receiver(
            handler,
            places,
            data_size_limit=handler.limit,
            hostname=handler.name,
            ident="AgentKeys",
            tls_context=context,
            require_starttls=configuration["requires_tls"],
            enable_SMTPUTF8=True,
            decode_data=False,
            timeout=IDLE_SECONDS,
            loop=loop,
        )

    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(connection, sock=listener)
    print(f"receiving mail for {handler.domain} as {handler.name}", flush=True)
    await ended.wait()
    server.close()


def main() -> None:
    configuration = json.loads(Path(sys.argv[1]).read_text())
    listener = socket.socket(fileno=FIRST_SOCKET)
    listener.setblocking(False)
    asyncio.run(serve(configuration, listener, certificate(Path(os.environ["CREDENTIALS_DIRECTORY"]))))


if __name__ == "__main__":
    main()
