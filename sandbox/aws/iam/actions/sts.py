"""The permissions that requests to STS need.

For AssumeRole and TagSession, both the role's trust policy and the caller's own policies are evaluated. Leaves out web
identity, where only the token is checked (``sandbox/aws/services``), and SAML, which is rejected.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from sandbox.aws.iam.access import EVERYTHING, Access
from sandbox.aws.iam.callers import role_by_arn
from sandbox.aws.iam.patterns import Values
from sandbox.aws.iam.received import MalformedError, Received

#: Any caller with credentials may make these calls, even if a policy denies them.
_FOR_EVERYBODY = ("GetCallerIdentity", "GetSessionToken")

#: The token is the credential. The emulated service checks it.
BY_TOKEN = ("AssumeRoleWithWebIdentity",)

_NO_STATEMENTS = '{"Version":"2012-10-17","Statement":[]}'


def needs(received: Received, account_id: str) -> list[Access]:
    """The permissions that a request to STS needs. Raises MalformedError."""
    operation = received.operation
    if operation in _FOR_EVERYBODY or operation in BY_TOKEN:
        return []
    if operation == "AssumeRoleWithSAML":
        # Moto would issue a session of any role for any assertion.
        raise MalformedError("The sandbox's account has no SAML providers.")
    if operation == "AssumeRole":
        return _assume_role(received, account_id)
    if operation == "GetFederationToken":
        name = received.form.get("Name", "")
        resource = f"arn:aws:sts::{account_id}:federated-user/{name}"
        return [Access(action="sts:GetFederationToken", resource=resource, account_id=account_id)]
    return [Access(action=f"sts:{operation}", resource=EVERYTHING, account_id=account_id)]


def requested_tags(received: Received) -> dict[str, str]:
    """The session tags that a request passes."""
    form = received.form
    names = [name for name in form if name.startswith("Tags.member.") and name.endswith(".Key")]
    return {form[name]: form.get(f"{name.removesuffix('.Key')}.Value", "") for name in names}


def transitive_keys(received: Received) -> tuple[str, ...]:
    """The tag keys that a request marks as transitive."""
    return tuple(value for name, value in received.form.items() if name.startswith("TransitiveTagKeys.member."))


def _assume_role(received: Received, account_id: str) -> list[Access]:
    arn = received.form.get("RoleArn", "")
    role = role_by_arn(arn)
    tags = requested_tags(received)
    keys: dict[str, Values] = {"sts:RoleSessionName": (received.form.get("RoleSessionName", ""),)}
    for parameter, key in (("ExternalId", "sts:ExternalId"), ("SourceIdentity", "sts:SourceIdentity")):
        if parameter in received.form:
            keys[key] = (received.form[parameter],)
    if tags:
        keys |= {"aws:TagKeys": tuple(tags), **{f"aws:RequestTag/{key}": (value,) for key, value in tags.items()}}
        if transitive_keys(received):
            keys["sts:TransitiveTagKeys"] = transitive_keys(received)
    return [
        Access(
            action=action,
            resource=arn,
            account_id=role.account_id if role else account_id,
            # The caller gets the same error for a missing role as for a role that does not trust it.
            policy=role.assume_role_policy_document if role else _NO_STATEMENTS,
            policy_decides=True,
            keys=keys,
        )
        for action in ("sts:AssumeRole", *(("sts:TagSession",) if tags else ()))
    ]
