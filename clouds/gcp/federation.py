"""The trust in the broker's tokens: a workload identity pool whose only provider is the broker's issuer.

A federated identity has no rights of its own: an actor's are bindings on its managed folders (``enrolment``).
"""

import pulumi
import pulumi_gcp as gcp

from clouds.gcp.grants import ACTOR_CONDITION, MAPPING
from clouds.gcp.names import GcpNames


class Federation(pulumi.ComponentResource):
    """The pool and its provider (runbook section 9)."""

    def __init__(self, name: str, names: GcpNames, audience: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:gcp:Federation", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        pool = gcp.iam.WorkloadIdentityPool(
            f"{name}-pool",
            workload_identity_pool_id=names.pool,
            display_name=f"AgentKeys{names.suffix}",
            opts=child,
        )
        gcp.iam.WorkloadIdentityPoolProvider(
            f"{name}-provider",
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id="broker",
            attribute_mapping=MAPPING,
            attribute_condition=ACTOR_CONDITION,
            oidc={"issuer_uri": names.issuer, "allowed_audiences": [audience]},
            opts=child,
        )
        self.register_outputs({})
