"""Secrets: texts that do not show themselves, and errors whose frames do not show them."""

from __future__ import annotations

import hmac
import json
import os
import traceback
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar, final

from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.naming import SECRET_MAPS, SECRET_VALUES

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

    Args:
        value: The text, or another secret.

    Examples:
        >>> key = createos_nb.Secret("skp_0123456789abcdef")
        >>> f"{key}", key == "skp_0123456789abcdef"
        ('••••••', True)
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
        if _listener is not None:
            _listener(self)

    @classmethod
    def from_environment(cls, name: str) -> Secret:
        """Return the value of an environment variable of this process, so that no notebook has to hold it.

        Set it where Jupyter or `createos-nb run` is started.

        Args:
            name: The variable's name.

        Returns:
            The value, hidden.

        Raises:
            InvalidInput: The variable is not set, or empty.

        Examples:
            >>> import os
            >>> os.environ["DATABASE_URL"] = "postgres://db.example.com/shop"
            >>> createos_nb.Secret.from_environment("DATABASE_URL")
            Secret(••••••)
            >>> del os.environ["DATABASE_URL"]
        """
        secret = cls(os.environ.get(name, ""))
        if not secret:
            raise InvalidInput(f"the environment variable {name} is not set here: set it where this was started")
        return secret

    def reveal(self) -> str:
        """Return the value itself, as a plain text: from here on, keeping it is up to you.

        Returns:
            The text.

        Examples:
            >>> createos_nb.Secret("s3cret").reveal()
            's3cret'
        """
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


_listener: Callable[[Secret], None] | None = None


def notify_of_secrets(listener: Callable[[Secret], None] | None) -> None:
    """Have each secret that is made from now on told to a listener, the only one.

    Args:
        listener: Called with each new secret; None ends it.

    Examples:
        >>> from createos_nb.redaction import notify_of_secrets
        >>> told = []
        >>> notify_of_secrets(told.append)
        >>> _ = createos_nb.Secret("s3cret")
        >>> notify_of_secrets(None)
        >>> told
        [Secret(••••••)]
    """
    global _listener
    _listener = listener


def wrap_secrets(payload: Any) -> Any:
    """Wrap the secrets of a decoded payload: what is in fields of `SECRET_MAPS` and `SECRET_VALUES`.

    Args:
        payload: The payload; its containers are changed in place.

    Returns:
        The payload, with each secret as `Secret`.

    Examples:
        >>> from createos_nb.redaction import wrap_secrets
        >>> wrap_secrets({"id": "p1", "runEnvs": {"PORT": "80"}})
        {'id': 'p1', 'runEnvs': {'PORT': Secret(••••••)}}
    """
    if type(payload) is list:
        for item in payload:
            if type(item) is dict or type(item) is list:
                wrap_secrets(item)
    elif type(payload) is dict:
        for key, value in payload.items():
            if key in SECRET_MAPS or key in SECRET_VALUES:
                payload[key] = wrap_all(value)
            elif type(value) is dict or type(value) is list:
                wrap_secrets(value)
    return payload


def wrap_all(value: Any) -> Any:
    """Wrap all texts and numbers of a value, whatever shape it came in; names and gaps stay readable.

    Args:
        value: A decoded value.

    Returns:
        The same value, with each text and number as `Secret`.

    Examples:
        >>> from createos_nb.redaction import wrap_all
        >>> wrap_all({"PORT": 80, "HOSTS": ["a"], "UNSET": None})
        {'PORT': Secret(••••••), 'HOSTS': [Secret(••••••)], 'UNSET': None}
    """
    kind = type(value)
    if kind is dict:
        return {name: wrap_all(item) for name, item in value.items()}
    if kind is list:
        return [wrap_all(item) for item in value]
    if kind is str:
        return Secret(value)
    return Secret(str(value)) if kind is int or kind is float else value


def revealed(text: str | Secret) -> str:
    """Return a text, whether or not it is secret, as a plain `str`.

    Args:
        text: A text, or a secret.

    Returns:
        The text.

    Examples:
        >>> from createos_nb.redaction import revealed
        >>> revealed(createos_nb.Secret("s3cret")), revealed("plain")
        ('s3cret', 'plain')
    """
    return text.reveal() if isinstance(text, Secret) else text


def holds_secrets(name: object) -> bool:
    """Return whether a field of the wire is, or maps to, secrets.

    Args:
        name: The field's name on the wire.

    Returns:
        True where its value has to be masked.

    Examples:
        >>> from createos_nb.redaction import holds_secrets
        >>> holds_secrets("runEnvs"), holds_secrets("displayName")
        (True, False)
    """
    return name in SECRET_MAPS or name in SECRET_VALUES


def without_frames(work: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function; what it raises comes without the frames that it came through and the errors behind it.

    Tracebacks that show variables, and whoever reports errors, show what those frames held: the key and all that was
    sent, in plain text. The arguments themselves must show none, and neither must the result. A cause that is bare
    already stays.

    Args:
        work: The function.
        arguments: What it is called with.

    Returns:
        What the function returns.

    Examples:
        >>> from createos_nb.redaction import without_frames
        >>> without_frames(int, "7")
        7
        >>> try:
        ...     without_frames(int, "seven")
        ... except ValueError as error:
        ...     print(error.__context__)
        None
    """
    try:
        return work(*arguments)
    except BaseException as error:  # noqa: BLE001  # raised again, outside: in here it would keep what it came from
        failed = error
    raise strip_frames(failed)


def strip_frames(error: Error) -> Error:
    """Strip an error of its frames and of the errors behind it; a note says where it was raised, without variables.

    Errors of this library say by themselves what failed, and take no note.

    Args:
        error: The error, which is changed.

    Returns:
        The same error.

    Examples:
        >>> from createos_nb.redaction import strip_frames
        >>> try:
        ...     int("seven")
        ... except ValueError as error:
        ...     bare = strip_frames(error)
        >>> bare.__traceback__ is None, bare.__notes__
        (True, ['raised in...'])
    """
    if not isinstance(error, CreateOSError):
        passed = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)][-_FRAMES:]
        if passed:
            lines = (f"\n  {code.co_filename}:{line} in {code.co_name}" for code, line in passed)
            error.add_note(f"raised in{''.join(lines)}")
    error.__traceback__ = error.__context__ = None
    if error.__cause__ is not None and error.__cause__.__traceback__ is not None:
        error.__cause__ = None
    return error


def redacted_json(payload: Any) -> str:
    """Return a decoded payload as JSON text for people: a `Secret` in it is dots.

    Args:
        payload: The payload.

    Returns:
        The text.

    Examples:
        >>> from createos_nb.redaction import redacted_json
        >>> print(redacted_json({"token": createos_nb.Secret("s3cret")}))
        {"token": "••••••"}
    """
    return json.dumps(_redacted(payload), ensure_ascii=False)


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _redacted(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    return str(value) if isinstance(value, Secret) else value
