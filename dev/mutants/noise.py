"""Which mutants are worth a run: leaves out those that say nothing about the tests, and takes a sample of the others.

Reads one module's source. Changes nothing.
"""

import ast
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

#: A sample is the same on every computer, and a larger one contains the smaller.
SEED = "agentkeys"

_TIME = re.compile(
    r"TIMEOUT|SECONDS|MINUTES|PATIENCE|INTERVAL|EVERY|ATTEMPTS|PAUSE|WAIT|DEADLINE|GRACE|PERIOD", re.IGNORECASE
)
_ONCE = ("cache", "lru_cache", "cached_property")


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A mutant that cosmic-ray offers. ``row`` counts from 1, ``column`` from 0, as Python's ``ast`` does."""

    job: str
    operator: str
    occurrence: int
    row: int
    column: int

    @property
    def family(self) -> str:
        """``ReplaceBinaryOperator_BitOr_Add`` -> ``ReplaceBinaryOperator``: what replacements have in common."""
        return self.operator.partition("_")[0]

    @property
    def lot(self) -> str:
        return hashlib.sha256(f"{SEED} {self.operator} {self.occurrence}".encode()).hexdigest()


def _types(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            yield node.annotation
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            yield node.returns
        # An alias, `Text = str | bytes`, and `isinstance(value, int | float)`.
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.BitOr):
            yield node.value
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
            yield node.args[1]


def _decorators(tree: ast.AST, names: Sequence[str]) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        for one in getattr(node, "decorator_list", ()):
            called = one.func if isinstance(one, ast.Call) else one
            if getattr(called, "id", getattr(called, "attr", "")) in names:
                yield one


def _times(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(_TIME.search(ast.unparse(target)) for target in node.targets):
            yield node.value
        if isinstance(node, ast.AnnAssign) and node.value and _TIME.search(ast.unparse(node.target)):
            yield node.value
        if isinstance(node, ast.keyword) and node.arg and _TIME.search(node.arg):
            yield node.value
        if isinstance(node, ast.arguments):
            # Defaults are those of the last positional arguments.
            last = zip(reversed([*node.posonlyargs, *node.args]), reversed(node.defaults), strict=False)
            by_name = zip(node.kwonlyargs, node.kw_defaults, strict=True)
            yield from (value for argument, value in (*last, *by_name) if value and _TIME.search(argument.arg))
        if isinstance(node, ast.Dict):
            named = zip(node.keys, node.values, strict=True)
            yield from (value for key, value in named if key and _TIME.search(ast.unparse(key)))


def _programs(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("__name__ == '__main__'", "TYPE_CHECKING"):
            yield node


def _arguments(tree: ast.AST, name: str) -> Iterator[ast.AST]:
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == name)


#: Operators -> the nodes in which their mutants are left out, and why. The report counts them for each reason.
NOISE: dict[str, tuple[str, Callable[[ast.AST], Iterable[ast.AST]]]] = {
    "an operator of a type: the module cannot be imported, which any test notices": (
        r"ReplaceBinaryOperator",
        _types,
    ),
    "an argument of @dataclass: mypy rejects what it would allow": (
        r"Replace(True|False)With",
        lambda tree: _decorators(tree, ["dataclass"]),
    ),
    "a decorator that remembers a result: the same answer, later": (
        r"RemoveDecorator",
        lambda tree: _decorators(tree, _ONCE),
    ),
    "a number of a time limit or pause: a test of one more or less would wait for it": (
        r"NumberReplacer|ReplaceBinaryOperator|ReplaceUnaryOperator",
        _times,
    ),
    "`strict=True` of zip, whose arguments are made together": (r"ReplaceTrueWith", partial(_arguments, name="strict")),
    "`flush=True` of print: the same lines, later": (r"ReplaceTrueWith", partial(_arguments, name="flush")),
    "the start as a program, which tests do not import": (r".*", _programs),
}


def noise(source: str, specs: Sequence[Spec]) -> dict[str, str]:
    """Job -> why it is left out: a row of ``NOISE``, or another replacement of the same operator that runs."""
    tree = ast.parse(source)
    left: dict[str, str] = {}
    for reason, (operators, places) in NOISE.items():
        spans = [_span(node) for node in places(tree)]
        for spec in specs:
            at = (spec.row, spec.column)
            if re.match(operators, spec.operator) and any(first <= at < last for first, last in spans):
                left.setdefault(spec.job, reason)
    chosen: dict[tuple[str, int, int], Spec] = {}
    for spec in sorted(specs, key=lambda spec: spec.lot):
        if spec.job not in left:
            place = (spec.family, spec.row, spec.column)
            if chosen.setdefault(place, spec) is not spec:
                left[spec.job] = "one replacement of each operator, chosen by the seed, stands for the others"
    return left


def _span(node: ast.AST) -> tuple[tuple[int, int], tuple[int, int]]:
    # A decorator's mutant begins at the @, one column before its expression.
    return (node.lineno, max(0, node.col_offset - 1)), (node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


def sample(specs: Sequence[Spec], left: dict[str, str], size: int | None) -> set[str]:
    """The jobs to run: all that are not left out, or the first ``size`` of them in the order of the seed."""
    worth = sorted((spec for spec in specs if spec.job not in left), key=lambda spec: spec.lot)
    return {spec.job for spec in worth[:size]}
