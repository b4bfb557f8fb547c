"""Finds the environment variables that code reads or sets, by its syntax."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from dev.recorder import PROJECT

#: Code that runs on the operator's computer, and code that runs on the host.
ON_COMPUTER = ("__main__.py", "settings.py", "account", "clouds", "components", "gates", "ops", "policypack")
ON_HOST = (
    "hostsetup/scripts",
    "hostsetup/elsewhere",
    "ops/commands/observe",
    "ops/commands/read-secrets",
    "ops/commands/write-secrets",
)

_NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]*)+|PATH|HOME|TMPDIR|LANG|NETRC")

#: Variables of bash itself: https://www.gnu.org/software/bash/manual/html_node/Bash-Variables.html
_OF_BASH = re.compile(
    r"BASH(_\w+)?|EPOCHSECONDS|EUID|FUNCNAME|IFS|LINENO|OPT(ARG|IND)|PIPESTATUS|PWD|RANDOM|REPLY|SECONDS"
)


def of_python(text: str) -> set[str]:
    """The names in each function, or statement of a module, that mentions ``environ``. ``*`` ends a start."""
    found: set[str] = set()
    tree = ast.parse(text)
    for part in _parts(tree):
        if any(isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") for node in ast.walk(part)):
            found.update(_named(part))
    for node in ast.walk(tree):
        # A shell command of a resource.
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("export "):
            found |= of_shell(node.value)
    return found


def _parts(tree: ast.Module) -> Iterator[ast.AST]:
    """Functions with the functions in them, and the other statements of modules and classes."""
    for node in tree.body:
        yield from node.body if isinstance(node, ast.ClassDef) else (node,)


def _named(part: ast.AST) -> Iterator[str]:
    joined = {id(value) for node in ast.walk(part) if isinstance(node, ast.JoinedStr) for value in node.values}
    for node in ast.walk(part):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value):
            yield f"{node.value}*" if id(node) in joined or node.value.endswith("_") else node.value


def of_shell(text: str) -> set[str]:
    """The names that are read or set, outside of comments. Names of the script's own variables are in lower case."""
    code = re.sub(r"^\s*#.*$|\s#\s.*$", "", text, flags=re.MULTILINE)
    names = re.findall(r"\$\{?([A-Z][A-Z0-9_]+)|(?<![\w/$-])([A-Z][A-Z0-9_]+)=", code)
    return {name for pair in names for name in pair if name and not _OF_BASH.fullmatch(name)}


def found(*places: str) -> dict[str, set[str]]:
    """By variable, the files below ``places`` that read or set it."""
    by_name: dict[str, set[str]] = {}
    others = set(_files(ON_HOST)) if places == ON_COMPUTER else set()
    for path in _files(places):
        if path in others:
            continue
        text = path.read_text()
        names = of_python(text) if path.suffix == ".py" else of_shell(text)
        for name in names:
            by_name.setdefault(name, set()).add(str(path.relative_to(PROJECT)))
    return by_name


def _files(places: tuple[str, ...]) -> Iterator[Path]:
    for place in places:
        path = PROJECT / place
        for file in sorted(path.rglob("*")) if path.is_dir() else (path,):
            # The policy pack's own environment is in its folder.
            if file.is_file() and "venv" not in file.relative_to(PROJECT).parts and _is_code(file):
                yield file


def _is_code(file: Path) -> bool:
    return file.suffix == ".py" or (not file.suffix and file.read_bytes().startswith(b"#"))
