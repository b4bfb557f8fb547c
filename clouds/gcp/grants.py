"""Who may do what in a stack on Google Cloud: roles, conditions, and what a token's claims become. Pure.

The language of mappings and conditions is CEL: https://docs.cloud.google.com/iam/docs/conditions-overview
"""

from components.naming import ACTOR_TAG, INBOUND_PREFIX

#: What Google makes of a token's claims. A token for which one fails is refused, so no session is without its actor.
MAPPING = {
    "google.subject": "assertion.sub",
    "attribute.actor": f"assertion['https://aws.amazon.com/tags'].principal_tags.{ACTOR_TAG}[0]",
}
#: What a token also has to satisfy: the id is 64 lower-case hex digits, which no path can leave.
ACTOR_CONDITION = "attribute.actor.matches('^[0-9a-f]{64}$')"

#: Role of an actor on its managed folders: reads, lists, writes and deletes objects.
ACTOR_ROLE = "roles/storage.objectUser"
#: Role of the host on the prefix of inbound mail: creates objects, and can neither read nor replace one.
MAIL_ROLE = "roles/storage.objectCreator"

#: The project's constraint with the meaning of every bucket's own ``public_access_prevention``.
NOT_PUBLIC = "constraints/storage.publicAccessPrevention"


def inbound_only(bucket: str) -> str:
    """The condition that limits a binding to objects below the prefix of inbound mail."""
    return f'resource.name.startsWith("projects/_/buckets/{bucket}/objects/{INBOUND_PREFIX}")'
