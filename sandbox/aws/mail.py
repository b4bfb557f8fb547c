"""The account's inbound mail server: SMTP as on inbound-smtp.<region>.amazonaws.com.

It does not offer STARTTLS, since all senders are on this computer. Leaves out which mail is accepted and where it is
stored (sandbox/aws/services/ses.py).
"""

import asyncio
import logging
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.aws import ports
from sandbox.aws.server import Account
from sandbox.aws.services import ses
from sandbox.layout import LOOPBACK, PORTS

log = logging.getLogger(__name__)

#: Largest message that SES receives, in bytes: https://docs.aws.amazon.com/ses/latest/dg/quotas.html
LARGEST_MESSAGE = 40 * 1024 * 1024


class MailServer:
    """SMTP on loopback in front of the active receipt rule set."""

    def __init__(self, account: Account, *, port: int = PORTS["smtp"]) -> None:
        self.port = port
        self._account = account
        self._controller: Controller | None = None

    def start(self) -> None:
        """Listen. Returns when mail is accepted."""
        ports.require_free(self.port, "inbound mail (SMTP)")
        name = f"inbound-smtp.{self._account.region}.amazonaws.com"
        self._controller = _Controller(
            _Handler(self._account),
            hostname=LOOPBACK,
            port=self.port,
            server_hostname=name,
            ident="ESMTP SimpleEmailService",
            data_size_limit=LARGEST_MESSAGE,
            decode_data=False,
        )
        self._controller.start()
        self.port = self._controller.port

    def stop(self) -> None:
        """Stop listening."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


class _Controller(Controller):
    """A controller that learns its port when given port 0."""

    def _create_server(self) -> Any:
        return _remember_port(self, super()._create_server())


async def _remember_port(controller: Controller, starting: Any) -> asyncio.AbstractServer:
    server: asyncio.Server = await starting
    controller.port = server.sockets[0].getsockname()[1]
    return server


class _Handler:
    """Handlers that aiosmtpd calls by name."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        with self._account.request_lock.held():
            accepted = ses.accepts(address)
        if not accepted:
            return f"550 5.1.1 Requested action not taken: mailbox unavailable ({address})"
        envelope.rcpt_tos.append(address)
        return "250 Ok"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        try:
            with self._account.request_lock.held():
                message_id = ses.deliver(
                    envelope.mail_from or "",
                    list(envelope.rcpt_tos),
                    content,
                    peer=str(session.peer[0]) if session.peer else LOOPBACK,
                    greeting=session.host_name or "unknown",
                )
        except ses.DeliveryError as error:
            log.warning("%s", error)
            return f"451 4.3.0 {error}"
        return f"250 Ok {message_id}"
