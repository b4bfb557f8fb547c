"""Probes of SNS: subscriptions by mail to a topic of the run."""

from sandbox.aws.probes.ground import Ground, observe
from sandbox.aws.probes.rows import Answers, probe

_TOPIC = ("a topic",)


@probe(
    "SNSBackend.subscribe",
    "SNSBackend.unsubscribe",
    "SNSResponse.list_subscriptions_by_topic",
    calls="sns CreateTopic, Subscribe, GetSubscriptionAttributes, ListSubscriptionsByTopic, Unsubscribe",
    makes=(*_TOPIC, "a mail that asks for a confirmation"),
    unsafe="sends a mail",
)
def subscription_by_mail_waits_for_somebody(ground: Ground) -> Answers:
    """A subscription by mail has no ARN in a list and cannot be deleted before somebody confirms it."""
    sns, topic = ground.client("sns"), _topic(ground)
    wanted = {"TopicArn": topic, "Protocol": "email", "Endpoint": f"probe@{ground.domain}"}
    arn = sns.subscribe(**wanted, ReturnSubscriptionArn=True)["SubscriptionArn"]
    return {
        "pending": observe(sns.get_subscription_attributes, "Attributes.PendingConfirmation", SubscriptionArn=arn),
        "listed": observe(sns.list_subscriptions_by_topic, "Subscriptions[].SubscriptionArn", TopicArn=topic),
        "unsubscribe": observe(sns.unsubscribe, SubscriptionArn=arn),
    }


@probe("SNSResponse.confirm_subscription", calls="sns CreateTopic, ConfirmSubscription", makes=_TOPIC)
def token_of_nothing_confirms_nothing(ground: Ground) -> Answers:
    """A confirmation with an unknown token is rejected."""
    sns = ground.client("sns")
    return {"confirm": observe(sns.confirm_subscription, TopicArn=_topic(ground), Token="0" * 64)}


def _topic(ground: Ground) -> str:
    sns = ground.client("sns")
    arn = str(sns.create_topic(Name=ground.name())["TopicArn"])
    ground.undo("sns", "delete_topic", TopicArn=arn)
    return arn
