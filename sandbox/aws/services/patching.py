"""Replaces methods of moto's classes, and lists what is replaced and why.

Moto finds its handlers by walking its classes, so a replaced attribute takes effect without a change to its server.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """One method that moto lacks or that differs from AWS."""

    owner: type
    """Moto's class."""
    name: str
    """Name of the method."""
    because: str
    """What moto does, and what AWS does instead."""
    page: str
    """The page of docs.aws.amazon.com that the patch follows."""
    function: Callable[..., Any]
    """Takes moto's method (None if it has none), ``self`` and the method's own arguments."""


REPLACEMENTS: list[Replacement] = []


def replaces(owner: type, *, because: str, page: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the replacement of the method of the same name. See ``Replacement`` for its arguments."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        REPLACEMENTS.append(
            Replacement(owner=owner, name=function.__name__, because=because, page=page, function=function)
        )
        return function

    return mark


def apply() -> None:
    """Apply every replacement. A second call changes nothing."""
    for replacement in REPLACEMENTS:
        if not hasattr(replacement.owner.__dict__.get(replacement.name), "replacement_of_moto"):
            _apply(replacement)


def _apply(replacement: Replacement) -> None:
    original = getattr(replacement.owner, replacement.name, None)

    # A function and not a partial: moto finds its actions with inspect.isfunction.
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return replacement.function(original, self, *args, **kwargs)

    if original is not None:
        functools.update_wrapper(method, original)
    method.replacement_of_moto = True  # type: ignore[attr-defined]
    setattr(replacement.owner, replacement.name, method)
