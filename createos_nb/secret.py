"""A text that does not show itself."""

from __future__ import annotations

import json
import os
from typing import Any, Final

from createos_nb.errors import InvalidInput
from createos_nb.words import SECRET_MAPS, SECRET_VALUES

MASK: Final = "••••••"


class Secret(str):
    """A string equal to the secret that it holds, which prints as dots.

    Comparing, encoding and sending use the value; `repr`, `str`, f-strings, frames and tracebacks show dots.
    `reveal()` gives the value as a plain string.
    """

    __slots__ = ()

    def __new__(cls, value: str = "") -> Secret:
        # `str(secret)` is dots, so that a secret made of a secret would hold dots instead of the value
        return super().__new__(cls, value.reveal() if isinstance(value, Secret) else value)

    def __repr__(self) -> str:
        return f"'{MASK}'"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return (Secret, (self.reveal(),))

    @classmethod
    def from_environment(cls, name: str) -> Secret:
        """The value of an environment variable of this process, so that no notebook has to hold it.

        Set it where Jupyter or `createos-nb run` is started. Raises `InvalidInput` where it is not set, or empty.
        """
        value = os.environ.get(name, "")
        if not value:
            raise InvalidInput(f"the environment variable {name} is not set here: set it where this was started")
        return cls(value)

    def reveal(self) -> str:
        """The value itself, as a plain `str`: from here on, keeping it is up to you."""
        return str.__str__(self)


def hide(payload: Any) -> Any:
    """A decoded payload with its secrets as `Secret`: values of `runEnvs`, `buildVars`, `headers`; `secret`, `token`.

    Works in place on the containers that it is given, and returns the payload.
    """
    if type(payload) is list:
        for item in payload:
            if type(item) is dict or type(item) is list:
                hide(item)
    elif type(payload) is dict:
        for key, value in payload.items():
            if key in SECRET_MAPS or key in SECRET_VALUES:
                payload[key] = _veiled(value)
            elif type(value) is dict or type(value) is list:
                hide(value)
    return payload


def _veiled(value: Any) -> Any:
    """All texts and numbers of a value as secrets, whatever shape it came in; names and gaps stay readable."""
    kind = type(value)
    if kind is dict:
        return {name: _veiled(item) for name, item in value.items()}
    if kind is list:
        return [_veiled(item) for item in value]
    if kind is str:
        return Secret(value)
    return Secret(str(value)) if kind is int or kind is float else value


def legible(payload: Any) -> str:
    """A decoded payload as JSON text for people: a `Secret` in it is dots."""
    return json.dumps(_dotted(payload), ensure_ascii=False)


def _dotted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _dotted(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_dotted(item) for item in value]
    return str(value) if isinstance(value, Secret) else value
