"""What an emulated cloud holds: tables of JSON objects, which a file keeps. One call at a time changes them."""

import json
import secrets
import threading
from pathlib import Path
from typing import Any


class Tables:
    """Tables by name, each with its objects by id."""

    #: Ids count from here.
    first_number = 1

    def __init__(self, file: Path) -> None:
        self._file = file
        self.lock = threading.RLock()
        #: All tables.
        self.everything: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.exists() else {}

    def table(self, name: str) -> dict[str, Any]:
        """A table, made when it is first asked for."""
        return self.everything.setdefault(name, {})

    def save(self) -> None:
        """Write the tables; whole or not at all."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_name(f".{self._file.name}.{secrets.token_hex(4)}")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(self.everything))
        partial.replace(self._file)

    def next_number(self) -> str:
        """A number that nothing else here has."""
        counters = self.table("counters")
        counters["last"] = counters.get("last", self.first_number - 1) + 1
        return str(counters["last"])
