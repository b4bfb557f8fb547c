"""The check, from outside, that a cloud's token service can use the broker as an OIDC issuer.

Leaves out what trusts the issuer: on AWS an OIDC provider (``components/federation.py``).
"""

from collections.abc import Sequence

import pulumi
import pulumi_command as command

import gates


def check(
    name: str,
    broker_host: str,
    *,
    host_id: pulumi.Input[str],
    doh_urls: Sequence[str],
    ca_bundle: str,
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Create the resource ``<name>-issuer-check`` and return the SHA-1 thumbprint of the top of the issuer's chain, 40
    hex digits; empty in an `up` whose ``--target`` excludes it. Another ``host_id`` runs the check again. An empty
    ``ca_bundle`` means the public CAs.
    """
    bundle = ["--ca-bundle", ca_bundle] if ca_bundle else []
    checked = command.local.Command(
        f"{name}-issuer-check",
        create=gates.command("issuer", *gates.resolvers(doh_urls), *bundle, broker_host),
        triggers=[host_id],
        add_previous_output_in_env=False,
        opts=pulumi.ResourceOptions.merge(
            pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="600s", update="600s")), opts
        ),
    )
    return checked.stdout.apply(lambda printed: (printed or "").strip())
