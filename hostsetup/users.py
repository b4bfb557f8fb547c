"""The system users that the program creates on a host.

The step ``users`` creates them and `agentkeys drift` compares them. Leaves out the login user, which comes with the
image.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from .services import STATE_DIR, Site

#: Where accepted mail waits for the bucket.
SPOOL = PurePosixPath("/var/lib/agentkeys-mail/spool")

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

#: Runs the receiver of mail and its delivery. Apart from the services' user, whose files it cannot read.
MAIL_USER = User(name="agentkeys-mail", home=str(SPOOL.parent), login_shell="/usr/sbin/nologin", kind="system")


def users(site: Site) -> tuple[User, ...]:
    """The users of the site's host."""
    return (*USERS, MAIL_USER) if site.elsewhere and site.elsewhere.mail else USERS
