"""Planted secrets, and finding them again in whatever is shown, kept or raised."""

from __future__ import annotations

import base64
import io
import json
import random
import string
import traceback
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import rich.console
import rich.traceback
from IPython.core.ultratb import VerboseTB

#: So many characters of a value are enough to know it by.
ENOUGH = 20
_LETTERS = string.ascii_letters + string.digits


def values(count: int, seed: int = 4) -> list[str]:
    """Values that stand nowhere else: tokens, addresses with passwords, keys of several lines, texts to be escaped."""
    dice = random.Random(seed)

    def letters(size: int) -> str:
        return "".join(dice.choices(_LETTERS, k=size))

    kinds = [
        lambda: letters(dice.randint(20, 60)),
        lambda: f"postgres://{letters(22)}:{letters(24)}@db.test/{letters(8)}",
        lambda: f'{letters(24)} "wörd"/<&>\\{letters(24)}',
        lambda: f"{letters(64)}\n{letters(64)}\n{letters(40)}\n",
        lambda: f"{letters(24)}=={letters(120)}",
    ]
    return [kinds[number % len(kinds)]() for number in range(count)]


def marks(value: str) -> list[str]:
    """What gives a value away: itself or its beginning, as it is and in the forms that texts and addresses take."""
    whole = {value, value[:ENOUGH], *(line[:ENOUGH] for line in value.splitlines() if len(line) >= ENOUGH)}
    found = set()
    for text in whole:
        found |= {text, text[::-1], escape(text), quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1]}
        found |= {repr(text)[1:-1], text.encode().hex()}
    found.add(base64.b64encode(value.encode()).decode()[:ENOUGH])
    return sorted(found)


def leaks(value: str, shown: object) -> list[str]:
    """The marks of a value that stand in what is shown: text, or the bytes of a file."""
    text = shown.decode("utf-8", "replace") if isinstance(shown, bytes) else str(shown)
    return [mark for mark in marks(value) if mark in text]


def caught(call: Callable[..., object], *given: Any) -> BaseException | None:
    """What a call raises, out of a frame that holds nothing in plain text; None where it raises nothing."""
    try:
        call(*given)
    except BaseException as error:  # noqa: BLE001  # interrupts are among what is looked through
        return error
    return None


def with_variables(error: BaseException, *, all_ways: bool = False) -> dict[str, str]:
    """An error with the variables of its frames, and as whoever walks its chain meets it.

    `all_ways`: also as IPython shows it, and as rich prints it, which takes a second.
    """
    shown = {
        "capture_locals": _captured(error),
        "the chain": "\n".join(map(_carried, _chain(error))),
        "rich": _taken_by_rich(error),
    }
    return {**shown, "xmode Verbose": _verbose(error), "rich, printed": _printed(error)} if all_ways else shown


def _captured(error: BaseException) -> str:
    try:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    except AttributeError:  # Python 3.11 shows nothing where an interrupted `__init__` has left half an object
        return ""


def _verbose(error: BaseException) -> str:
    made = VerboseTB(theme_name="nocolor", include_vars=True)
    return made.text(type(error), error, error.__traceback__)


def _taken_by_rich(error: BaseException) -> str:
    """The texts and variables that rich takes from an error, before it cuts and colors them."""
    trace = rich.traceback.Traceback.extract(
        type(error), error, error.__traceback__, show_locals=True, locals_max_string=10_000, locals_max_length=1_000
    )
    parts: list[object] = []
    for stack in trace.stacks:
        parts += [stack.exc_type, stack.exc_value, *getattr(stack, "notes", ())]
        parts += [f"{name}={node}" for frame in stack.frames for name, node in (frame.locals or {}).items()]
    return "\n".join(map(str, parts))


def _printed(error: BaseException) -> str:
    """As `rich.traceback.install(show_locals=True)` prints it: long texts cut to their first 80 characters."""
    file = io.StringIO()
    trace = rich.traceback.Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
    rich.console.Console(file=file, width=2_000).print(trace)
    return file.getvalue()


def _chain(error: BaseException) -> list[BaseException]:
    """An error and all that is linked to it, also what is not shown."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is not None and not any(one is other for other in found):
            found.append(one)
            todo += [one.__cause__, one.__context__]
    return found


def _carried(error: BaseException) -> str:
    """What an error carries: its text, its attributes, the request of httpx, the variables of its frames."""
    parts: list[Any] = [error, repr(error), error.args, vars(error), getattr(error, "object", "")]
    request = vars(error).get("_request")
    if request is not None:
        parts += [request.url, request.headers.raw, request.content]
    for frame, _ in traceback.walk_tb(error.__traceback__):
        parts += [f"{name}={_repr(value)}" for name, value in frame.f_locals.items()]
    return "\n".join(map(str, parts))


def _repr(value: object) -> str:
    try:
        return repr(value)
    except AttributeError:  # half an object, see above
        return f"<half a {type(value).__name__}>"
