"""The files of the SMTP receiver, which a host outside AWS runs where no cloud receives mail.

Two units share a spool: one receives and has no key of the bucket, the other delivers and has no port. Leaves out what
they do (``elsewhere/mail_receiver.py`` and ``elsewhere/mail_delivery.py``).
"""

import json
from pathlib import PurePosixPath

from .bundle import File
from .families import TOOLKIT
from .rendering import fill
from .services import SMTP_PORT, Receiver, Site
from .users import MAIL_USER, SPOOL

#: The distribution's packages, so that its security updates apply.
MAIL_PACKAGES = ("python3-aiosmtpd", "python3-boto3")

#: Units, in start order.
MAIL_UNITS = ("agentkeys-mail.socket", "agentkeys-mail.service", "agentkeys-mail-delivery.service")

CONFIGURATION = PurePosixPath("/etc/agentkeys-mail/mail.json")

#: The host's key of the bucket, in the form of AWS's shared credentials file. Only root reads it; systemd passes it on.
KEY_FILE = PurePosixPath("/etc/agentkeys-mail/store-key")

#: Messages that are received at the same time; others wait.
AT_ONCE = 4

#: MiB of memory: Python, and three copies of every message that is being received.
_BASE_MIB = 64
_COPIES = 3
_DELIVERY_MIB = 192

#: MiB of the disk that the spool leaves free: further mail is refused for now.
_LEAST_FREE_MIB = 256


def mail_files(site: Site, receiver: Receiver) -> tuple[File, ...]:
    """Return the configuration, the spool's folder, the units, and the hook that loads a renewed certificate."""
    confined = fill("confined")
    key = f"LoadCredential=store-key:{KEY_FILE}\n" if receiver.has_key else ""
    return (
        File(path=f"{CONFIGURATION.parent}/", mode="0755"),
        File(path=f"{SPOOL.parent}/", owner="root:root", mode="0755"),
        File(path=f"{SPOOL}/", owner=f"{MAIL_USER.name}:{MAIL_USER.name}", mode="0700"),
        File(path=str(CONFIGURATION), content=_configuration(site, receiver)),
        File(path="/etc/systemd/system/agentkeys-mail.socket", content=fill("mail.socket", port=SMTP_PORT)),
        File(
            path="/etc/systemd/system/agentkeys-mail.service",
            content=fill(
                "mail.service",
                description="receives mail for the mail domain",
                after=" agentkeys-mail.socket",
                requires="Requires=agentkeys-mail.socket\n",
                user=MAIL_USER.name,
                credentials="".join(
                    f"LoadCredential={name}:/etc/letsencrypt/live/{receiver.name}/{name}\n"
                    for name in ("fullchain.pem", "privkey.pem")
                ),
                program=f"{TOOLKIT}/mail_receiver.py",
                configuration=CONFIGURATION,
                memory=_BASE_MIB + AT_ONCE * _COPIES * receiver.limit_mib,
                spool=SPOOL,
                confined=confined,
            ),
        ),
        File(
            path="/etc/systemd/system/agentkeys-mail-delivery.service",
            content=fill(
                "mail.service",
                description="delivers received mail to the bucket",
                after="",
                requires="",
                user=MAIL_USER.name,
                credentials=key,
                program=f"{TOOLKIT}/mail_delivery.py",
                configuration=CONFIGURATION,
                memory=_DELIVERY_MIB,
                spool=SPOOL,
                confined=confined,
            ),
        ),
        File(path="/etc/letsencrypt/renewal-hooks/", mode="0755"),
        File(path="/etc/letsencrypt/renewal-hooks/deploy/", mode="0755"),
        File(
            path="/etc/letsencrypt/renewal-hooks/deploy/agentkeys-mail",
            content=fill("mail-renewal-hook"),
            mode="0755",
        ),
    )


def _configuration(site: Site, receiver: Receiver) -> str:
    place = site.elsewhere
    values = {
        "domain": receiver.domain,
        "name": receiver.name,
        "limit_bytes": receiver.limit_mib * 1024 * 1024,
        "requires_tls": receiver.requires_tls,
        "at_once": AT_ONCE,
        "least_free_bytes": _LEAST_FREE_MIB * 1024 * 1024,
        "spool": str(SPOOL),
        "bucket": site.buckets["mail"],
        "api": receiver.api,
        "prefix": receiver.prefix,
        "expire_days": receiver.expire_days,
        "endpoint": place.store_endpoint if place else "",
        "path_style": place is None or place.path_style,
        "region": site.region,
    }
    return json.dumps(values, indent=2) + "\n"
