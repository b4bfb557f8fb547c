"""The system users that the program creates on a host.

The step ``users`` creates them and `agentkeys drift` compares them. Leaves out the login user, which comes with the
image.
"""

from dataclasses import dataclass
from typing import Literal

from .services import STATE_DIR

#: The user that operators log in as through EC2 Instance Connect.
OPERATOR = "agentkey"


@dataclass(frozen=True, kw_only=True)
class User:
    """A user with a group of the same name."""

    #: Name of the user and its group.
    name: str
    #: Home directory.
    home: str
    #: Login shell.
    login_shell: str
    #: ``system``: runs services and has no home directory of its own. ``login``: gets a home directory.
    kind: Literal["system", "login"]

    @property
    def row(self) -> str:
        """The user as an argument of ``scripts/users``."""
        return f"{self.name}:{self.home}:{self.login_shell}:{self.kind}"


USERS = (
    User(name="agentkeys", home=str(STATE_DIR), login_shell="/usr/sbin/nologin", kind="system"),
    User(name=OPERATOR, home=f"/home/{OPERATOR}", login_shell="/bin/bash", kind="login"),
)
