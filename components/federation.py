"""The issuer as AWS knows it: the check that STS can use the broker, then the OIDC provider.

Leaves out the roles that trust it (``components/roles.py``). AWS compares the URL byte for byte and a change of host is
another provider, so it is protected where a stack says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_command as command

import gates
from components.naming import STS_AUDIENCE, Names


@dataclass(frozen=True, kw_only=True)
class FederationArgs:
    """``served`` is the step after which the broker answers; ``instance_id`` makes a new machine be checked again."""

    names: Names
    served: pulumi.Resource
    instance_id: pulumi.Output[str]
    doh_urls: Sequence[str]
    ca_bundle: str


class Federation(pulumi.ComponentResource):
    """Runbook sections 9.1 and 9.2."""

    provider: aws.iam.OpenIdConnectProvider

    def __init__(self, name: str, args: FederationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:federation:Federation", name, None, opts)
        bundle = ["--ca-bundle", args.ca_bundle] if args.ca_bundle else []
        checked = command.local.Command(
            f"{name}-issuer-check",
            create=gates.command("issuer", *gates.resolvers(args.doh_urls), *bundle, args.names.broker_host),
            triggers=[args.instance_id],
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=False,
                depends_on=[args.served],
                custom_timeouts=pulumi.CustomTimeouts(create="600s", update="600s"),
            ),
        )
        self.provider = aws.iam.OpenIdConnectProvider(
            f"{name}-provider",
            url=args.names.issuer,
            client_id_lists=[STS_AUDIENCE],
            # Nothing was printed where ``--target`` left the check out.
            thumbprint_lists=[checked.stdout.apply(lambda printed: (printed or "").strip())],
            opts=pulumi.ResourceOptions(
                parent=self,
                # AWS checks a certificate of a public authority against its own list, whatever the thumbprint. One of
                # a private authority it checks by the thumbprint alone, which follows the check then.
                ignore_changes=[] if args.ca_bundle else ["thumbprintLists"],
            ),
        )
        self.register_outputs({"arn": self.provider.arn})
