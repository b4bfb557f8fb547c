"""Probes of STS."""

from typing import Any

from sandbox.aws.probes.ground import Ground, observe, trusting
from sandbox.aws.probes.rows import Answers, probe


@probe("TokenResponse.assume_role", calls="sts AssumeRole", makes=("a role without permissions",))
def sessions_keep_to_the_role(ground: Ground) -> Answers:
    """A session lasts at most as long as its role allows, and has tags only with sts:TagSession."""
    caller = {"AWS": ground.caller()}
    role = ground.role(trusting(caller, "sts:AssumeRole"))
    ground.session(role)
    arn, call = ground.account_arn(f"role/{role}"), ground.client("sts").assume_role

    def assume(**arguments: Any) -> dict[str, Any]:
        return observe(call, "AssumedRoleUser.Arn", RoleArn=arn, RoleSessionName="probe", **arguments)

    return {
        "12 hours": assume(DurationSeconds=43200),
        "14 minutes": assume(DurationSeconds=840),
        "a policy that is no JSON": assume(Policy="policy"),
        "15 minutes": assume(DurationSeconds=900),
    }


@probe("TokenResponse.assume_role_with_web_identity", calls="sts AssumeRoleWithWebIdentity")
def wrong_tokens_are_refused(ground: Ground) -> Answers:
    """A token that is no JWT, or that nobody issued, is refused before the role is looked up."""
    sts = ground.client("sts", signed=False)
    none = ground.account_arn(f"role/{ground.prefix}-none")

    def assume(token: str) -> dict[str, Any]:
        call = sts.assume_role_with_web_identity
        return observe(call, RoleArn=none, RoleSessionName="probe", WebIdentityToken=token)

    # {"alg":"RS256","kid":"x"}.{"iss":"https://agentkeys-probe.invalid","sub":"x","aud":"x"}
    unknown = (
        "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ."
        "eyJpc3MiOiJodHRwczovL2FnZW50a2V5cy1wcm9iZS5pbnZhbGlkIiwic3ViIjoieCIsImF1ZCI6IngifQ.eA"
    )
    return {"no JWT": assume("no.token.at-all"), "unknown issuer": assume(unknown)}
