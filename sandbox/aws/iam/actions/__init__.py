"""The permissions that a request needs, by service: IAM actions, resources and the service's own condition keys.

Owns the choice of the service. A service without a module here, or an operation that its module does not know, needs an
unmodelled resource. Only `Resource: "*"` allows that.
"""

from collections.abc import Callable

from sandbox.aws.iam.access import Access
from sandbox.aws.iam.actions import access_analyzer, alarms, dlm, ec2, iam, route53, s3, ses, ssm, sts
from sandbox.aws.iam.callers import Caller
from sandbox.aws.iam.received import Received

_NEEDS: dict[str, Callable[[Received, str], list[Access]]] = {
    "accessanalyzer": access_analyzer.needs,
    "cloudwatch": alarms.cloudwatch_needs,
    "dlm": dlm.needs,
    "ec2": ec2.needs,
    "ec2-instance-connect": ec2.connect_needs,
    "route53": route53.needs,
    "s3control": s3.control_needs,
    "ses": ses.needs,
    "sesv2": ses.needs,
    "sns": alarms.sns_needs,
    "ssm": ssm.needs,
    "sts": sts.needs,
}

#: Services whose permissions also depend on the caller.
_NEEDS_OF_CALLER: dict[str, Callable[[Received, Caller, str], list[Access]]] = {"iam": iam.needs, "s3": s3.needs}


def needs(received: Received, caller: Caller, account_id: str) -> list[Access]:
    """Everything that a request to an account needs. If the list is empty, any authenticated caller may make it."""
    if received.service in _NEEDS_OF_CALLER:
        return _NEEDS_OF_CALLER[received.service](received, caller, account_id)
    if received.service in _NEEDS:
        return _NEEDS[received.service](received, account_id)
    return [Access(action=f"{received.service}:{received.operation}", resource=None, account_id=account_id)]
