"""The files with the host's secrets: what a backup holds, and what a restore puts back.

The rows follow from the services' and the key pairs' tables. Leaves out how the host makes them (``scripts/secrets``).
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from .environment import SECRET_FILES
from .services import KEY_PAIRS

#: Mode of every one of them.
MODE = "0600"

_VARIABLE = re.compile(rb"[A-Z][A-Z0-9_]*=[0-9a-f]{64}\n?")
_KEY_PAIR = re.compile(rb"\s*\{.{62,}\}\s*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class SecretFile:
    """One file on the host."""

    path: PurePosixPath
    #: ``user:group``.
    owner: str
    #: Whether it holds one variable; otherwise a key pair.
    variable: bool

    def is_sound(self, content: bytes) -> bool:
        """Whether the content has the form that ``scripts/secrets`` accepts."""
        return bool((_VARIABLE if self.variable else _KEY_PAIR).fullmatch(content))


SECRETS = (
    *(SecretFile(path=path, owner="root:root", variable=True) for path in SECRET_FILES),
    *(SecretFile(path=path, owner="agentkeys:agentkeys", variable=False) for path in KEY_PAIRS.values()),
)
