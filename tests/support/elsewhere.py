"""A site outside AWS, with a receiver of mail."""

import dataclasses

from hostsetup.services import Elsewhere, Receiver, Site
from tests.support.sites import a_site

CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def a_site_elsewhere(**changed: object) -> Site:
    site = a_site("test")
    receiver = Receiver(
        domain="bots-test.example.org",
        name=site.public_names["email"],
        prefix="inbound/",
        limit_mib=10,
        requires_tls=False,
        expire_days=30,
        has_key=True,
    )
    elsewhere = Elsewhere(
        store_endpoint="https://store.example.org",
        sts_endpoint="https://sts.example.org",
        store_ca=CA,
        audience="",
        mail=receiver,
    )
    return dataclasses.replace(site, elsewhere=dataclasses.replace(elsewhere, **changed))  # type: ignore[arg-type]
