"""Answers that are JSON but for a value: the rest is read, and what is no value is replaced and told of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from createos_nb.redaction import holds_secrets

#: Python reads no longer integers from text by default, and prints none.
_DIGITS: Final = 4300
_BOM: Final = b"\xef\xbb\xbf"


class Replaced(NamedTuple):
    """A replaced value of a payload: its path and what it was."""

    path: tuple[str | int, ...]
    what: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path)) or 'the payload'}: {self.what}"


class RepairedJson:
    """JSON in which values were replaced, and which. It shows none of it."""

    __slots__ = ("json", "replaced")

    def __init__(self, text: msgspec.Raw, replaced: tuple[Replaced, ...]) -> None:
        self.json, self.replaced = text, replaced


#: The JSON of an answer's payload. It may hold secrets, so it is never bytes: tracebacks with variables show those.
Payload = msgspec.Raw | RepairedJson


class _Odd:
    """A placeholder of a number until its path is known."""

    def __init__(self, what: str) -> None:
        self.what = what


def json_of(data: Payload) -> msgspec.Raw:
    """The JSON of a payload as the decoders of msgspec take it."""
    return data.json if isinstance(data, RepairedJson) else data


def replacements_of(data: Payload) -> tuple[Replaced, ...]:
    """Return the replaced values of a payload."""
    return data.replaced if isinstance(data, RepairedJson) else ()


def repair_json(data: bytes | msgspec.Raw) -> RepairedJson | None:
    """The JSON with what can't be read replaced; None where it is no JSON at all.

    Half a pair of surrogates and bytes that are no UTF-8 become U+FFFD within their text; a number that no float holds,
    an integer of thousands of digits, NaN and Infinity become null.
    """
    replaced: list[Replaced] = []
    try:
        # bytes that are no UTF-8 become halves of surrogate pairs, too, and are found as such
        text = bytes(data).removeprefix(_BOM).decode("utf-8", "surrogateescape")
        value = json.loads(text, parse_float=_number, parse_int=_integer, parse_constant=_constant, strict=False)
        # not by msgspec, which writes no integer of more than 64 bits
        repaired = json.dumps(_replace_unreadable(value, (), replaced), ensure_ascii=False).encode()
        return RepairedJson(msgspec.Raw(repaired), tuple(replaced))
    except (ValueError, RecursionError):
        return None


def part(parent: RepairedJson, key: str, data: msgspec.Raw) -> RepairedJson:
    """The JSON of one part of a payload, with what was replaced in it."""
    return RepairedJson(data, tuple(replacements_below(parent.replaced, key)))


def replacements_below(replaced: Iterable[Replaced], key: str | int) -> Iterator[Replaced]:
    """Yield the replaced values of one part of a payload, with paths inside that part."""
    for replacement in replaced:
        if replacement.path[:1] == (key,):
            yield Replaced(replacement.path[1:], replacement.what)


def _number(text: str) -> float | _Odd:
    value = float(text)
    return value if value - value == 0 else _Odd(f"{_shorten(text)} is no number that a float holds")


def _integer(text: str) -> int | _Odd:
    digits = len(text.lstrip("-"))
    return int(text) if digits <= _DIGITS else _Odd(f"an integer of {digits:,} digits")


def _constant(text: str) -> _Odd:
    return _Odd(f"{text} is no number of JSON")


def _shorten(text: str) -> str:
    return text if len(text) <= 20 else text[:19] + "…"


def _replace_unreadable(value: Any, path: tuple[str | int, ...], replaced: list[Replaced]) -> Any:
    if isinstance(value, str):
        return _text(value, path, replaced)
    if isinstance(value, _Odd):
        secret = any(map(holds_secrets, path))  # then not even its first digits are told
        replaced.append(Replaced(path, "a number that can't be read" if secret else value.what))
        return None
    if isinstance(value, dict):
        return {
            _text(key, (*path, ""), replaced): _replace_unreadable(item, (*path, _text(key, (), [])), replaced)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_replace_unreadable(item, (*path, index), replaced) for index, item in enumerate(value)]
    return value


def _text(text: str, path: tuple[str | int, ...], replaced: list[Replaced]) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        replaced.append(Replaced(path, "half a surrogate pair, or bytes that are no UTF-8"))
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
