"""Secrets: texts that do not show themselves, and dots in their place wherever they stand in other texts."""

from __future__ import annotations

import hmac
import json
import os
import re
import traceback
from collections.abc import Callable, Iterable
from html import escape
from typing import Any, Final, NoReturn, TypeVar, final
from urllib.parse import quote, quote_plus

from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.naming import SECRET_MAPS, SECRET_VALUES

MASK: Final = "••••••"

Result = TypeVar("Result")
Error = TypeVar("Error", bound=BaseException)

#: So many of the frames that an error came through are named in the note that replaces them.
_FRAMES: Final = 3
#: Shorter texts that an answer repeats are words and numbers that sentences are made of: dots in their place would
#: garble every reason.
_SHORTEST_ECHO: Final = 4
#: Shorter values are words and numbers that pages are made of: dots in their place would garble the page, and tell
#: by their places what the value is.
_SHORTEST: Final = 8
#: The same goes for a plain word, and for an address that opens nothing.
_PLAIN: Final = re.compile(r"[A-Za-z]+(?:[ ._/-][A-Za-z]+)*|https?://[\w.:-]+(?:/[\w./-]*)?")
_LONGEST_PLAIN: Final = 20
#: Of a value of `_CUT` characters or more, also its beginning is found: what shows long texts cuts them.
_CUT: Final = 24
_HEAD: Final = 16


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
    """Have each secret that is made from now on told to a listener, the only one; None ends it."""
    global _listener
    _listener = listener


def wrap_secrets(payload: Any) -> Any:
    """A decoded payload with its secrets as `Secret`: what is in fields of `SECRET_MAPS` and `SECRET_VALUES`.

    Works in place on the containers that it is given, and returns the payload.
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
    """All texts and numbers of a value as secrets, whatever shape it came in; names and gaps stay readable."""
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

    Examples:
        >>> from createos_nb.redaction import holds_secrets
        >>> holds_secrets("runEnvs"), holds_secrets("displayName")
        (True, False)
    """
    return name in SECRET_MAPS or name in SECRET_VALUES


def without_frames(work: Callable[..., Result], *arguments: Any) -> Result:
    """Call `work(*arguments)`; what it raises comes without the frames that it came through and the errors behind it.

    Tracebacks that show variables, and whoever reports errors, show what those frames held: the key and all that was
    sent, in plain text. The arguments themselves must show none, and neither must the result. A cause that is bare
    already stays.
    """
    try:
        return work(*arguments)
    except BaseException as error:  # noqa: BLE001  # raised again, outside: in here it would keep what it came from
        failed = error
    raise strip_frames(failed)


def strip_frames(error: Error) -> Error:
    """Strip an error of its frames and of the errors behind it; a note says where it was raised, without variables.

    Errors of this library say by themselves what failed, and take no note.
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


# --- texts ------------------------------------------------------------------------------------------------------------


def spellings(text: str) -> set[str]:
    """A text as it is, and as JSON, Python, an address or a page spell it."""
    as_json = {json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]}
    # the messages of many errors hold the `repr` of texts and of bodies
    in_python = {
        spelling
        for form in {text} | as_json
        for spelling in (repr(form)[1:-1], repr(form.encode(errors="replace"))[2:-1])
    }
    in_address = {quote(text, errors="replace"), quote(text, safe="", errors="replace")}
    return {text, escape(text), quote_plus(text, errors="replace")} | as_json | in_python | in_address


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return the text with dots in place of the secrets, as they are or as JSON, an address or a page spell them.

    Examples:
        >>> from createos_nb.redaction import redact
        >>> redact("GET /v1?key=skp_0123456789abcdef", ["skp_0123456789abcdef"])
        'GET /v1?key=••••••'
    """
    for secret in sorted({secret for secret in secrets if len(secret) >= _SHORTEST_ECHO}, key=len, reverse=True):
        for form in spellings(secret):
            text = text.replace(form, MASK)
    return text


class Redactor:
    """Puts dots in place of the secrets that it has learned of."""

    def __init__(self, known: Iterable[Secret] = ()) -> None:
        self._forms: set[str] = set()
        self._sorted: list[str] = []
        self._heads: set[str] = set()
        for secret in known:
            self.learn(secret)

    def learn(self, secret: Secret) -> None:
        """One more secret. What is too short or too plain to be told from other text is passed over."""
        secret_text = secret.reveal()
        for text in {secret_text, *(secret_text.splitlines() if "\n" in secret_text else ())}:
            address = text.startswith(("http://", "https://"))
            is_plain = _PLAIN.fullmatch(text) and (address or len(text) <= _LONGEST_PLAIN)
            if len(text.strip()) >= _SHORTEST and not is_plain:
                self._forms |= spellings(text)
                if len(text) >= _CUT:
                    self._heads |= {form for form in spellings(text) if len(form) >= _CUT}
        self._sorted = sorted(self._forms, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """The text with dots in place of the secrets."""
        for form in self._sorted:
            if form in text:
                text = text.replace(form, MASK)
        for form in self._heads:
            text = _redact_beginnings(text, form)
        return text

    def redact_all(self, value: Any) -> Any:
        """The same for all texts in mappings and lists."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, dict):
            return {key: self.redact_all(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(map(self.redact_all, value))
        return value


def _redact_beginnings(text: str, form: str) -> str:
    """The text with dots in place of whatever begins as the form does."""
    at = text.find(form[:_HEAD])
    while at >= 0:
        end = at + _HEAD
        while end < len(text) and end - at < len(form) and text[end] == form[end - at]:
            end += 1
        text = text[:at] + MASK + text[end:]
        at = text.find(form[:_HEAD], at + len(MASK))
    return text
