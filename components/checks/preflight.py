"""Checks that depend on the account: caller, hosted zone, receipt rule set, mail readers, address, GitHub's provider.

They run before the first resource, in every preview, and only read. Leaves out values that are wrong in any account
(``settings.py``).
"""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components import arns
from components.checks import credentials, existing
from components.checks.answers import reason
from components.checks.state import Own
from components.naming import GITHUB_ISSUER, OWNER_TAG, RECEIPT_RULE_SET, STS_AUDIENCE, Names


def account(account_id: str, region: str) -> None:
    """The credentials belong to the configured account. Raises RunError. Precedes the provider, which rejects other
    accounts too, but does not name the setting.
    """
    found = credentials.account(region)
    if found not in (account_id, None):
        raise pulumi.RunError(
            f"accountId: the stack is for account {account_id}, the credentials belong to {found}. "
            "Nothing was created. Select the right profile (AWS_PROFILE), or correct accountId."
        )


def caller(provider: aws.Provider, allowed: Sequence[str]) -> str:
    """The caller's ARN. The credentials belong to an identity that may run the program. Raises RunError."""
    try:
        identity = aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider))
    except Exception as error:
        raise _refused("the caller's identity", error) from None
    who = identity_of(identity.arn)
    if who.lower() not in {entry.lower() for entry in allowed}:
        raise pulumi.RunError(
            f"allowedCallers: the credentials belong to {who!r}, and only {', '.join(allowed)} may run this program. "
            "Nothing was created. Select the right profile (AWS_PROFILE), or add the identity to allowedCallers."
        )
    return identity.arn


def hosted_zone(provider: aws.Provider, zone: str, zone_id: str) -> None:
    """The zone id is the public zone of that name. Raises RunError."""
    try:
        found = aws.route53.get_zone(zone_id=zone_id, opts=pulumi.InvokeOptions(provider=provider))
    except Exception as error:
        raise _refused(f"the hosted zone {zone_id}", error) from None
    if found.private_zone:
        raise pulumi.RunError(
            f"parentZoneId: {zone_id} is a private hosted zone; certificates, mail and STS need public names. "
            "Nothing was created. Give the id of the public zone (`aws route53 list-hosted-zones`)."
        )
    if found.name.rstrip(".") != zone:
        raise pulumi.RunError(
            f"parentZoneId: {zone_id} is the hosted zone of {found.name.rstrip('.')!r}, not of zone {zone!r}. "
            "Nothing was created. Correct zone or parentZoneId (`aws route53 list-hosted-zones`)."
        )


def receipt_rule_set(provider: aws.Provider, region: str) -> None:
    """The account project's shared rule set is the active one. Raises RunError."""
    fix = "Nothing was created. Prepare the account once with the project in account/ (`pulumi -C account up`)."
    try:
        active = aws.ses.get_active_receipt_rule_set(opts=pulumi.InvokeOptions(provider=provider)).rule_set_name
    except Exception as error:
        raise pulumi.RunError(
            f"The account has no active SES receipt rule set in {region} ({reason(error)}). {fix}"
        ) from None
    if active != RECEIPT_RULE_SET:
        raise pulumi.RunError(
            f"The active SES receipt rule set in {region} is {active!r}; this program adds its rule to "
            f"{RECEIPT_RULE_SET!r}. {fix}"
        )


def mail_readers(provider: aws.Provider, roles: Sequence[str]) -> None:
    """Every `rawMailReaders` role exists; otherwise S3 rejects the policy mid-`up`. Raises RunError."""
    for role in roles:
        try:
            aws.iam.get_role(name=role, opts=pulumi.InvokeOptions(provider=provider))
        except Exception as error:
            raise pulumi.RunError(
                f"rawMailReaders: the account has no role {role!r} ({reason(error)}), and S3 rejects a policy "
                "that names one. Nothing was created. The project in account/ creates the roles of CI "
                "(`pulumi -C account up`). Create any other role first, or remove it from rawMailReaders."
            ) from None


def elastic_ip(provider: aws.Provider, address: str, names: Names, host_instance_id: str, own: Own) -> str | None:
    """Allocation id of the configured address; None if none is configured.

    EC2 moves an address that is in use without asking. So an address is rejected if it is associated with an instance
    other than ``host_instance_id`` or the one that this stack launched, or is another stack's. Raises RunError.
    """
    if not address:
        return None
    options = pulumi.InvokeOptions(provider=provider)
    try:
        found = aws.ec2.get_elastic_ip(public_ip=address, opts=options)
    except Exception as error:
        raise pulumi.RunError(
            f"elasticIp: {address!r} is no elastic IP of account {names.account_id} in {names.region} "
            f"({reason(error)}). Nothing was created. Correct it (`aws ec2 describe-addresses "
            f"--region {names.region}`), or remove it to allocate one."
        ) from None
    if other := existing.other_stack(found.tags, names):
        raise pulumi.RunError(
            f"elasticIp: {address!r} is tagged {other}, the address of another stack; this stack's is "
            f"{names.elastic_ip}. Nothing was created. Give another address, or remove it to allocate one."
        )
    # Without the state that allocated it, nothing releases it.
    if found.tags.get(OWNER_TAG) == names.host and own.has("host-address"):
        raise pulumi.RunError(
            f"elasticIp: {address!r} was allocated by this stack, which would release it now. Nothing was created. "
            f"Remove elasticIp (`pulumi config rm -s {pulumi.get_stack()} elasticIp`)."
        )
    if found.instance_id and found.instance_id != host_instance_id:
        holder = aws.ec2.get_instance(instance_id=found.instance_id, opts=options).tags.get("Name", "")
        if host_instance_id or holder != names.host:
            raise pulumi.RunError(
                f"elasticIp: {address!r} serves instance {found.instance_id} ({holder or 'without a name'}), not this "
                f"stack's {host_instance_id or names.host}. Nothing was created. Disassociate it first, or give "
                "another address."
            )
    return found.id


def no_other_rule_set(provider: aws.Provider, region: str) -> None:
    """No other receipt rule set is active, since activating one deactivates the other. Raises RunError."""
    try:
        active = aws.ses.get_active_receipt_rule_set(opts=pulumi.InvokeOptions(provider=provider)).rule_set_name
    except Exception as error:
        # The provider's words for none. With any other error, one may be active.
        if "empty result" in str(error):
            return
        raise _refused("the active SES receipt rule set", error) from None
    if active != RECEIPT_RULE_SET:
        raise pulumi.RunError(
            f"The SES receipt rule set {active!r} is active in {region}, and activating {RECEIPT_RULE_SET!r} would "
            "stop its mail. Nothing was created. Move its rules, then deactivate it with "
            f"`aws ses set-active-receipt-rule-set --region {region}`."
        )


def github_provider(provider: aws.Provider, account_id: str, choice: str, own: Own) -> None:
    """With `create`, no one else manages GitHub's OIDC provider, of which an account has one. With `existing`, it is
    there and AWS STS accepts GitHub's tokens for it. Raises RunError; a preview warns of one that could be imported.
    """
    arn = arns.oidc_provider(account_id, GITHUB_ISSUER)
    try:
        found = aws.iam.get_open_id_connect_provider(arn=arn, opts=pulumi.InvokeOptions(provider=provider))
    except Exception as error:
        if not _says_absent(error):
            raise _refused(f"the OIDC provider {arn}", error) from None
        if choice == "existing":
            raise pulumi.RunError(
                f"githubProvider: is 'existing', and the account has no OIDC provider {arn}. Nothing was created. Set "
                "it to create."
            ) from None
        return
    if choice == "existing":
        if own.names is not None and own.has("account-github"):
            raise pulumi.RunError(
                "githubProvider: is 'existing', and the provider is this project's: the `up` would delete it. Nothing "
                "was changed. Set it to create, or take the provider out of the state first (`pulumi -C account state "
                "delete <URN of account-github>`)."
            )
        if STS_AUDIENCE not in found.client_id_lists:
            raise pulumi.RunError(
                f"githubProvider: the existing OIDC provider accepts {', '.join(found.client_id_lists) or 'nothing'} "
                f"and not {STS_AUDIENCE}, which the workflows ask for. Nothing was created. Add it: `aws iam "
                f"add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {arn} --client-id "
                f"{STS_AUDIENCE}`."
            )
        return
    if own.has("account-github"):
        return
    said = (
        f"githubProvider: the account already has the OIDC provider {arn}, and IAM allows one for each URL. To use it "
        f"and leave it to whoever manages it: `pulumi -C account config set -s {pulumi.get_stack()} githubProvider "
        "existing`."
    )
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(f"{said} Nothing was created.")
    pulumi.log.warn(f"{said} The `up` stops here.")


def identity_of(arn: str) -> str:
    """``user/<name>`` or ``role/<name>`` of a caller's ARN; paths and session names are left out."""
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    parts = rest.split("/")
    return f"role/{parts[0]}" if kind == "assumed-role" else f"{kind}/{parts[-1]}"


def _says_absent(error: Exception) -> bool:
    """The words of the provider's versions for a resource that does not exist."""
    return any(word in str(error) for word in ("NoSuchEntity", "couldn't find resource", "empty result", "not found"))


def _refused(what: str, error: Exception) -> pulumi.RunError:
    return pulumi.RunError(
        f"AWS rejected the lookup of {what}: {reason(error)}. Nothing was created. "
        "Check the credentials (`aws sts get-caller-identity`), accountId, region and parentZoneId."
    )
