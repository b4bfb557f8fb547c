"""Vale over documents, docstrings and comments, with the glossary's table as its rules; `make check` runs it.

Owns which files are checked and where a finding is an error. The rules are rows of docs/glossary.md. The first run
builds Vale from Go modules (a minute or two) into Go's build cache.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.lint.findings import LintError
from dev.toolchain import golang
from dev.toolchain.wheels import WheelError
from sandbox import tools
from sandbox.rehearsal import say

CHECKOUT = Path(__file__).resolve().parents[2]
GLOSSARY = CHECKOUT / "docs/glossary.md"

#: Where a finding is an error. Elsewhere it is a warning, which does not fail: that prose is not rewritten yet.
ERRORS = ("*.md", ".github/*", "account/*")

_CHECKED = ("*.md", "*.py", "*.yml")
_MODULE = CHECKOUT / "dev/lint/vale"
_ROW = re.compile(r"^\| `(.+)` \| (.+) \|$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One place where a word of the glossary's left column occurs."""

    #: Relative to the checkout.
    path: Path
    line: int
    #: The word and what to say instead.
    said: str

    @property
    def is_error(self) -> bool:
        """Whether it fails the check; see ERRORS."""
        return any(self.path.match(pattern) or self.path.is_relative_to(pattern.rstrip("/*")) for pattern in ERRORS)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.said}"


def rules(glossary: str) -> dict[str, str]:
    """What to say instead, by the regular expression of what not to say. Raises LintError."""
    _, _, table = glossary.partition("\n## Say this, not that\n")
    # In a Markdown table, a | that does not separate cells is written \|.
    found = {pattern.replace("\\|", "|"): instead for pattern, instead in _ROW.findall(table)}
    if len(found) != len(re.findall(r"^\| `", table, re.MULTILINE)) or not found:
        raise LintError("docs/glossary.md: every row of 'Say this, not that' is | `pattern` | what to say |, once.")
    for pattern in found:
        try:
            re.compile(pattern)
        except re.error as error:
            raise LintError(f"docs/glossary.md: {pattern!r} is not a regular expression: {error}.") from None
    return found


def files() -> list[Path]:
    """The checked files that git has or would add. Raises LintError."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", *_CHECKED]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LintError(f"`git ls-files` failed: {done.stderr.strip()}. Run the check in a clone of the repository.")
    return [CHECKOUT / name for name in done.stdout.splitlines() if (CHECKOUT / name).is_file()]


def findings(paths: Sequence[Path], progress: Callable[[str], None]) -> list[Found]:
    """What Vale finds in files of the checkout. Raises LintError, ToolError and WheelError."""
    tools.require(tools.CHECKS, progress)
    with tempfile.TemporaryDirectory() as folder:
        style = Path(folder, "styles/AgentKeys/Glossary.yml")
        style.parent.mkdir(parents=True)
        style.write_text(_style(rules(GLOSSARY.read_text())))
        Path(folder, "vale.ini").write_text(
            f"StylesPath = styles\nMinAlertLevel = suggestion\n[*.{{{','.join(name[2:] for name in _CHECKED)}}}]\n"
            "BasedOnStyles = AgentKeys\n"
        )
        command = [golang.find(progress), "-C", str(_MODULE), "tool", "vale", "--no-global", "--no-exit"]
        done = subprocess.run(
            [*command, "--config", str(Path(folder, "vale.ini")), "--output", "JSON", *map(str, paths)],
            env={**os.environ, "CGO_ENABLED": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise LintError(f"Vale failed: {(done.stderr or done.stdout).strip()[-600:]}")
    return sorted(
        (
            Found(path=Path(path).relative_to(CHECKOUT), line=alert["Line"], said=alert["Message"])
            for path, alerts in json.loads(done.stdout).items()
            for alert in alerts
        ),
        key=lambda found: (str(found.path), found.line),
    )


def _style(swaps: dict[str, str]) -> str:
    """A rule of Vale, as JSON, which is YAML: https://vale.sh/docs/checks/substitution"""
    return json.dumps(
        {
            "extends": "substitution",
            "message": "say '%s' instead of '%s'",
            "level": "error",
            "ignorecase": True,
            "swap": swaps,
        }
    )


def main() -> int:
    """Print the errors and count the warnings; with ``--warnings``, print those too."""
    try:
        found = findings(files(), say)
    except (LintError, WheelError, tools.ToolError) as error:
        print(f"prose: {error}", file=sys.stderr)
        return 1
    errors = [one for one in found if one.is_error]
    warnings = [one for one in found if not one.is_error]
    for one in errors + (warnings if "--warnings" in sys.argv[1:] else []):
        print(one)
    if warnings:
        print(f"prose: {len(warnings)} warnings in code; list them: venv/bin/python -m dev.lint.prose --warnings")
    if errors:
        print(f"prose: {len(errors)} errors. Reword them; docs/glossary.md has the terms.")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
