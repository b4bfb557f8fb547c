"""SNS: subscriptions by mail, which wait for somebody to confirm them.

Leaves out the mails themselves: the token of a confirmation is the last part of the subscription's ARN. Leaves out that
AWS forgets a subscription that nobody confirms within 48 hours.
"""

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter, SNSNotFoundError
from moto.sns.models import SNSBackend
from moto.sns.responses import SNSResponse

from sandbox.aws.services.patching import replaces

_PENDING = "PendingConfirmation"


@replaces(
    SNSBackend,
    because="moto confirms a subscription by mail without asking anybody",
    page="https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html",
)
def subscribe(original: Any, self: Any, topic_arn: str, endpoint: str, protocol: str) -> Any:
    known = set(self.subscriptions)
    subscription = original(self, topic_arn, endpoint, protocol)
    if protocol.startswith("email") and subscription.arn not in known:
        subscription.attributes.update({_PENDING: True, "ConfirmationWasAuthenticated": False})
    return subscription


@replaces(
    SNSBackend,
    because="moto deletes a subscription that waits for its confirmation; SNS refuses",
    page="https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html",
)
def unsubscribe(original: Any, self: Any, subscription_arn: str) -> None:
    subscription = self.subscriptions.get(subscription_arn)
    if subscription is not None and subscription.attributes.get(_PENDING):
        raise SNSInvalidParameter("Invalid parameter: Cannot unsubscribe a subscription that is pending confirmation")
    original(self, subscription_arn)


@replaces(
    SNSResponse,
    because="moto confirms nothing and answers with an ARN of its own",
    page="https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html",
)
def confirm_subscription(_original: Any, self: Any) -> Any:
    arn = f"{self._get_param('TopicArn')}:{self._get_param('Token')}"
    subscription = self.backend.subscriptions.get(arn)
    if subscription is None:
        raise SNSNotFoundError("Invalid token")
    subscription.attributes[_PENDING] = False
    return ActionResult({"SubscriptionArn": arn})


@replaces(
    SNSResponse,
    because="moto lists the ARN of a subscription that waits for its confirmation; SNS lists the word instead",
    page="https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html",
)
def list_subscriptions_by_topic(original: Any, self: Any) -> Any:
    answer = original(self)
    answer.result["Subscriptions"] = [_listed(one) for one in answer.result["Subscriptions"]]
    return answer


def _listed(subscription: Any) -> Any:
    if not subscription.attributes.get(_PENDING):
        return subscription
    shown = copy.copy(subscription)
    shown.arn = _PENDING
    return shown
