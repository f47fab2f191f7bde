"""A text that does not show itself."""

from __future__ import annotations

import hmac
import json
import os
import traceback
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar, final

from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.words import SECRET_MAPS, SECRET_VALUES

MASK: Final = "••••••"

Result = TypeVar("Result")
Error = TypeVar("Error", bound=BaseException)

#: So many of the frames that an error came through are named in the note that replaces them.
_FRAMES: Final = 3


@final
class Secret:
    """A text that does not show itself: `reveal()` is the only way to it.

    It is no `str`, so that nothing that takes the characters of texts (pandas, Arrow, JSON, slices, `+`) gets hold of
    them. `repr`, `str`, f-strings, frames and tracebacks show dots. It equals its text, in constant time; it is true
    unless it is empty; copies are itself. No pickle takes it: a file would hold the value. Where the library takes a
    text that may be secret, it takes a `Secret`.
    """

    __slots__ = ("__open",)
    __open: Callable[[], str]

    def __init__(self, value: str | Secret = "") -> None:
        if type(value) is not str:
            if isinstance(value, Secret):
                self.__open = value.__open
                return
            if not isinstance(value, str):
                raise InvalidInput(f"a Secret holds a text, not a {type(value).__name__}")
            value = str.__str__(value)
        # kept behind a method, which shows nothing: whatever lists the attributes of an object finds no text
        self.__open = value.__str__
        if _told is not None:
            _told(self)

    @classmethod
    def from_environment(cls, name: str) -> Secret:
        """The value of an environment variable of this process, so that no notebook has to hold it.

        Set it where Jupyter or `createos-nb run` is started. Raises `InvalidInput` where it is not set, or empty.
        """
        found = cls(os.environ.get(name, ""))
        if not found:
            raise InvalidInput(f"the environment variable {name} is not set here: set it where this was started")
        return found

    def reveal(self) -> str:
        """The value itself, as a plain `str`: from here on, keeping it is up to you."""
        return self.__open()

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Secret is no text, and has no {name!r}: .reveal() gives its text", name=name)

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Secret | str):
            return hmac.compare_digest(_bytes(self), _bytes(other))
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.__open())

    def __bool__(self) -> bool:
        return bool(self.__open())

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            "a Secret is not pickled, for a pickle holds its values for all to read: give the other process what the "
            "secret comes from, such as the name of an environment variable for Secret.from_environment"
        )


def _bytes(text: Secret | str) -> bytes:
    return revealed(text).encode("utf-8", "surrogatepass")


_told: Callable[[Secret], None] | None = None


def tell(listener: Callable[[Secret], None] | None) -> None:
    """Have each secret that is made from now on told to a listener, the only one; None ends it."""
    global _told
    _told = listener


def hide(payload: Any) -> Any:
    """A decoded payload with its secrets as `Secret`: what is in fields of `SECRET_MAPS` and `SECRET_VALUES`.

    Works in place on the containers that it is given, and returns the payload.
    """
    if type(payload) is list:
        for item in payload:
            if type(item) is dict or type(item) is list:
                hide(item)
    elif type(payload) is dict:
        for key, value in payload.items():
            if key in SECRET_MAPS or key in SECRET_VALUES:
                payload[key] = veiled(value)
            elif type(value) is dict or type(value) is list:
                hide(value)
    return payload


def veiled(value: Any) -> Any:
    """All texts and numbers of a value as secrets, whatever shape it came in; names and gaps stay readable."""
    kind = type(value)
    if kind is dict:
        return {name: veiled(item) for name, item in value.items()}
    if kind is list:
        return [veiled(item) for item in value]
    if kind is str:
        return Secret(value)
    return Secret(str(value)) if kind is int or kind is float else value


def revealed(text: str | Secret) -> str:
    """A text, whether or not it is secret, as a plain `str`."""
    return text.reveal() if isinstance(text, Secret) else text


def holds_secrets(name: object) -> bool:
    """Whether a field of the wire is, or maps to, secrets."""
    return name in SECRET_MAPS or name in SECRET_VALUES


def barely(work: Callable[..., Result], *arguments: Any) -> Result:
    """Call `work(*arguments)`; what it raises comes without the frames that it came through and the errors behind it.

    Tracebacks that show variables, and whoever reports errors, show what those frames held: the key and all that was
    sent, in plain text. The arguments themselves must show none, and neither must the result. A cause that is bare
    already stays.
    """
    try:
        return work(*arguments)
    except BaseException as error:  # noqa: BLE001  # raised again, outside: in here it would keep what it came from
        failed = error
    raise bare(failed)


def bare(error: Error) -> Error:
    """Strip an error of its frames and of the errors behind it; a note says where it was raised, without variables.

    Errors of this library say by themselves what failed, and take no note.
    """
    if not isinstance(error, CreateOSError):
        passed = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)][-_FRAMES:]
        if passed:
            places = (f"\n  {code.co_filename}:{line} in {code.co_name}" for code, line in passed)
            error.add_note(f"raised in{''.join(places)}")
    error.__traceback__ = error.__context__ = None
    if error.__cause__ is not None and error.__cause__.__traceback__ is not None:
        error.__cause__ = None
    return error


def legible(payload: Any) -> str:
    """A decoded payload as JSON text for people: a `Secret` in it is dots."""
    return json.dumps(_dotted(payload), ensure_ascii=False)


def _dotted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _dotted(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_dotted(item) for item in value]
    return str(value) if isinstance(value, Secret) else value
