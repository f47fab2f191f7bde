"""What stands before the cursor: the call whose text argument is being typed, read from code that is not finished."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*$", re.ASCII)
_KEYWORD: Final = re.compile(r"([A-Za-z_]\w*)\s*=$", re.ASCII)
_GIVEN: Final = re.compile(r"(?:([A-Za-z_]\w*)\s*=(?!=))?\s*(.*)", re.ASCII | re.DOTALL)
_SUBSCRIPTED: Final = re.compile(r"[\w)\]\"']$")
_CLOSING: Final = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class OpenText:
    """A text that is being typed as an argument or as a key.

    Attributes:
        expression: What is called or subscripted, such as "client.environments.logs".
        is_key: It is the key of a subscript.
        typed: The text so far, without its quotation mark.
        position: The number of the argument, from 0; None where it is given by name.
        keyword: The name that it is given by; "".
        arguments: The source of the other arguments so far, by position or name.
    """

    expression: str
    is_key: bool
    typed: str
    position: int | None = None
    keyword: str = ""
    arguments: Mapping[int | str, str] = field(default_factory=dict)


@dataclass
class _Bracket:
    kind: str
    at: int
    #: Where its arguments begin.
    starts: list[int]


def open_text(source: str) -> OpenText | None:
    """Return the text that is being typed at the end of unfinished code.

    Args:
        source: The code before the cursor.

    Returns:
        The text and the call; None where the cursor is in no text, or in one of another kind.

    Examples:
        >>> from createos_nb.notebooks.open_call import open_text
        >>> found = open_text('client.environments.logs("storefront", environment="pro')
        >>> found.expression, found.typed, found.keyword, found.arguments
        ('client.environments.logs', 'pro', 'environment', {0: '"storefront"'})
    """
    scanned = _scan(source)
    if scanned is None:
        return None
    brackets, begin = scanned
    typed = source[begin + 1 :]
    *outer, innermost = brackets
    before = source[: innermost.at].rstrip()
    if innermost.kind == "[" and _SUBSCRIPTED.search(before):
        whole = len(innermost.starts) == 1 and not source[innermost.at + 1 : begin].strip()
        expression = _DOTTED.search(before)
        return OpenText(expression[0], True, typed) if whole and expression else None
    end = begin
    if innermost.kind == "[" and outer:  # a list of names
        innermost, end = outer[-1], innermost.at
        before = source[: innermost.at].rstrip()
    expression = _DOTTED.search(before)
    if innermost.kind != "(" or expression is None:
        return None
    lead = source[innermost.starts[-1] : end].strip()
    keyword = _KEYWORD.fullmatch(lead)
    if lead and keyword is None:
        return None
    ends = [start - 1 for start in innermost.starts[1:]]
    return OpenText(
        expression[0],
        False,
        typed,
        None if keyword else len(innermost.starts) - 1,
        keyword[1] if keyword else "",
        _arguments([source[start:end] for start, end in zip(innermost.starts, ends, strict=False)]),
    )


def value_of(argument: str, names: Mapping[str, Any]) -> Any:
    """Return the value of an argument's source: a literal, or a name's.

    Args:
        argument: The source.
        names: Values by name.

    Returns:
        The value; None for any other expression, which is not run.

    Examples:
        >>> from createos_nb.notebooks.open_call import value_of
        >>> value_of('"storefront"', {}), value_of("project", {"project": "orders-api"}), value_of("f()", {})
        ('storefront', 'orders-api', None)
    """
    if argument.isidentifier():
        return names.get(argument)
    try:
        return ast.literal_eval(argument)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _scan(source: str) -> tuple[list[_Bracket], int] | None:
    """Return the open brackets, and where the open text begins; None unless a plain one-line text is open in one."""
    brackets: list[_Bracket] = []
    at, size = 0, len(source)
    while at < size:
        char = source[at]
        if char in "\"'":
            end = _end_of_text(source, at)
            if end is None:
                is_plain = source[at : at + 3] != char * 3 and not source[at - 1 : at].isalnum()
                return (brackets, at) if brackets and is_plain else None
            at = end
            continue
        if char == "#":
            at = source.find("\n", at)
            if at < 0:
                return None
        elif char in "([{":
            brackets.append(_Bracket(char, at, [at + 1]))
        elif char in _CLOSING:
            if not brackets or brackets.pop().kind != _CLOSING[char]:
                return None
        elif char == "," and brackets:
            brackets[-1].starts.append(at + 1)
        at += 1
    return None


def _end_of_text(source: str, begin: int) -> int | None:
    """Return where a text that begins at a quotation mark has ended; None where it is open at the end of the code."""
    quote = source[begin]
    if source.startswith(quote * 3, begin):
        end = source.find(quote * 3, begin + 3)
        return None if end < 0 else end + 3
    at = begin + 1
    while at < len(source):
        if source[at] == "\\":
            at += 1
        elif source[at] in (quote, "\n"):
            return at + 1
        at += 1
    return None


def _arguments(sources: list[str]) -> dict[int | str, str]:
    given: dict[int | str, str] = {}
    for number, source in enumerate(sources):
        match = _GIVEN.fullmatch(source.strip())
        if match is not None:
            given[match[1] or number] = match[2].strip()
    return given
