"""The broker as an OIDC issuer in IAM: the check that STS can use it, then the OIDC provider.

Leaves out the roles that trust the provider (``components/roles.py``). AWS compares the URL byte for byte, so another
host name means another provider; the setting ``protect`` protects it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.issuer import check
from components.naming import STS_AUDIENCE, Names


@dataclass(frozen=True, kw_only=True)
class FederationArgs:
    """Arguments of ``Federation``."""

    #: Physical names of the stack.
    names: Names
    #: The last host step; after it the broker answers.
    served: pulumi.Resource
    #: EC2 instance of the broker. Another instance runs the issuer check again.
    instance_id: pulumi.Output[str]
    #: DNS-over-HTTPS resolvers that give the broker's address.
    doh_urls: Sequence[str]
    #: File with the CA certificates of a private CA. Empty: the public CAs.
    ca_bundle: str


class Federation(pulumi.ComponentResource):
    """The issuer check and the OIDC provider (runbook sections 9.1 and 9.2)."""

    provider: aws.iam.OpenIdConnectProvider

    def __init__(self, name: str, args: FederationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:federation:Federation", name, None, opts)
        thumbprint = check(
            name,
            args.names.broker_host,
            host_id=args.instance_id,
            doh_urls=args.doh_urls,
            ca_bundle=args.ca_bundle,
            opts=pulumi.ResourceOptions(parent=self, protect=False, depends_on=[args.served]),
        )
        self.provider = aws.iam.OpenIdConnectProvider(
            f"{name}-provider",
            url=args.names.issuer,
            client_id_lists=[STS_AUDIENCE],
            thumbprint_lists=[thumbprint],
            opts=pulumi.ResourceOptions(
                parent=self,
                # AWS verifies the certificate of a public CA against its own list and ignores the thumbprint. For a
                # private CA only the thumbprint counts, so it follows the check.
                ignore_changes=[] if args.ca_bundle else ["thumbprintLists"],
            ),
        )
        self.register_outputs({"arn": self.provider.arn})
