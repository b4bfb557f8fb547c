"""Probes of which account a key acts in."""

from sandbox.aws.probes.ground import Ground, NotHereError, observe
from sandbox.aws.probes.rows import Answers, probe


@probe(
    "BaseResponse.get_current_account",
    calls="iam CreateUser, GetUser",
    makes=("a user in another account",),
    unsafe="needs the credentials of a second account",
)
def key_acts_in_its_own_account(ground: Ground) -> Answers:
    """What a key of another account creates is not in this account."""
    if ground.other is None:
        raise NotHereError("there are no credentials of a second account")
    name = ground.name()
    elsewhere = ground.client("iam", ground.other)
    elsewhere.create_user(UserName=name)
    seen = observe(ground.client("iam").get_user, UserName=name)
    elsewhere.delete_user(UserName=name)
    return {"read here": seen}
