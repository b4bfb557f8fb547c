"""Matches patterns of policies, with wildcards and variables, against values.

A variable's value is literal, including `*` and `?`. A variable without exactly one value matches nothing. An empty
value matches nothing either, which is the safe choice where AWS's documentation is silent.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Values = tuple[str, ...]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DEFAULT = re.compile(r"(.*?)\s*,\s*'(.*)'\s*")

#: Number of colons before an ARN's last part. Only in that part does a wildcard match colons.
_ARN_COLONS = 5


@dataclass(frozen=True, kw_only=True)
class Variables:
    """The request's context for variables, with keys in lower case."""

    context: Mapping[str, Values] = field(default_factory=dict)

    #: False for documents of the old version, in which `${...}` is literal.
    active: bool = True

    def value(self, name: str) -> str | None:
        """The single value of a variable, else its default, else None."""
        if name in ("*", "?", "$"):
            return name
        default = _DEFAULT.fullmatch(name)
        values = self.context.get((default[1] if default else name).strip().lower(), ())
        if len(values) == 1 and values[0]:
            return values[0]
        return default[2] if default else None


LITERAL = Variables(active=False)


def substituted(text: str, variables: Variables) -> str | None:
    """The text with its variables replaced. None if one of them cannot be resolved."""
    if not variables.active or "${" not in text:
        return text
    values = _values(text, variables)
    if values is None:
        return None
    remaining = iter(values)
    return _VARIABLE.sub(lambda _: next(remaining), text)


def matches(pattern: str, value: str, variables: Variables = LITERAL, *, arn: bool = False) -> bool:
    """Whether the value matches; `*` is any text and `?` one character. With `arn`, neither matches a colon before an
    ARN's last part.
    """
    if not variables.active or "${" not in pattern:
        return _compiled(pattern, None, arn).fullmatch(value) is not None
    values = _values(pattern, variables)
    return values is not None and _compiled(pattern, values, arn).fullmatch(value) is not None


def has_arn_parts(pattern: str) -> bool:
    """Whether the pattern has all parts of an ARN, which the ARN operators compare separately."""
    return _VARIABLE.sub("", pattern).count(":") >= _ARN_COLONS


def _values(text: str, variables: Variables) -> Values | None:
    found = [variables.value(name) for name in _VARIABLE.findall(text)]
    known = tuple(value for value in found if value is not None)
    return known if len(known) == len(found) else None


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str, values: Values | None, arn: bool) -> re.Pattern[str]:
    parts = [pattern] if values is None else _VARIABLE.split(pattern)
    colons = sum(part.count(":") for part in parts[::2])
    # A pattern shorter than an ARN, such as a plain *, is matched as a whole.
    bounded = arn and colons >= _ARN_COLONS
    seen = 0
    written = []
    for position, part in enumerate(parts):
        if position % 2 and values is not None:
            written.append(re.escape(values[position // 2]))
            continue
        for character in part:
            seen += character == ":"
            any_character = "[^:]" if bounded and seen < _ARN_COLONS else "."
            if character == "*":
                written.append(any_character + "*")
            elif character == "?":
                written.append(any_character)
            else:
                written.append(re.escape(character))
    return re.compile("".join(written), re.DOTALL)
