"""Two sites that differ as the two stacks do, and what the host's own checkers need."""

from pathlib import Path

from hostsetup.services import Site
from sandbox import tools

SITES = ("prod", "test")
SCRIPTS = Path(__file__).parents[2] / "hostsetup" / "scripts"
_ZONE = "example.org"


def a_site(stack: str) -> Site:
    suffix = "" if stack == "prod" else f"-{stack}"
    broker = f"{'' if stack == 'prod' else f'{stack}-'}broker.{_ZONE}"
    return Site(
        account_id="123456789012",
        region="us-east-1",
        issuer=f"https://{broker}",
        public_names={
            "broker": broker,
            **{key: f"{key}{suffix}.{_ZONE}" for key in ("signer", "audit", "email", "cred", "memory")},
        },
        buckets={key: f"agentkeys-{key}{suffix}-123456789012" for key in ("mail", "vault", "memory")},
        data_role_arn=f"arn:aws:iam::123456789012:role/agentkeys-data-role{suffix}",
        email_from=f"noreply{suffix}@bots{suffix}.{_ZONE}",
        auth_methods="wallet_sig,email_link",
        audit_anchors="sqlite",
        email_sender="ses",
        chain="heima",
        chain_rpc="https://rpc.chain.example.org",
        contracts={"SCOPE_CONTRACT_ADDRESS_HEIMA": "0x" + "1" * 40},
        release="https://releases.example.org/agentkeys.tar.gz" if stack == "prod" else "",
        release_sha256="ab" * 32,
        source_repository="",
        source_ref="",
        source_sha256="",
        toolchain="rustup",
        acme_directory="https://acme-v02.api.letsencrypt.org/directory",
        acme_email=f"ops@{_ZONE}",
        reboot_time="" if stack == "prod" else "04:00",
    )


def require_tool(name: str) -> str:
    """Path of a checker; without it the test fails, since what it would check is not checked."""
    found = tools.find(name)
    assert found is not None, f"{name} is not installed: run `make tools`"
    return found
