"""Replacing functions of moto, in one place and each with its reason.

Owns the mechanism and the list of what is replaced. Leaves out the replacements themselves. Moto finds its handlers by
walking its classes, so replacing attributes of those classes is the one way in that keeps its server unchanged.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """One function that moto answers differently from AWS, or does not have."""

    owner: type
    name: str
    because: str
    function: Callable[..., Any]


REPLACEMENTS: list[Replacement] = []


def replaces(owner: type, *, because: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a function as the replacement of the method of its name; it gets the original (or None) before self."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        REPLACEMENTS.append(Replacement(owner=owner, name=function.__name__, because=because, function=function))
        return function

    return mark


def apply() -> None:
    """Put every replacement in place; a second call changes nothing."""
    for replacement in REPLACEMENTS:
        if not hasattr(replacement.owner.__dict__.get(replacement.name), "replacement_of_moto"):
            _apply(replacement)


def _apply(replacement: Replacement) -> None:
    original = getattr(replacement.owner, replacement.name, None)

    # Moto lists its actions with inspect.isfunction, which a partial would not pass.
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return replacement.function(original, self, *args, **kwargs)

    if original is not None:
        functools.update_wrapper(method, original)
    method.replacement_of_moto = True  # type: ignore[attr-defined]
    setattr(replacement.owner, replacement.name, method)
