"""A text that does not show itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from createos_nb.words import SECRET_MAPS, SECRET_VALUES

MASK: Final = "••••••"


class Secret(str):
    """A string equal to the secret that it holds, which prints as dots.

    Comparing, encoding and sending use the value; `repr`, `str`, f-strings, frames and tracebacks show dots.
    `reveal()` gives the value as a plain string.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{MASK}'"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return (Secret, (self.reveal(),))

    def reveal(self) -> str:
        """The value itself, as a plain `str`: from here on, keeping it is up to you."""
        return str.__str__(self)


def mask_map(values: Mapping[str, Any]) -> dict[str, str]:
    """The same names, each value replaced by dots."""
    return dict.fromkeys(values, MASK)


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
            kind = type(value)
            if kind is dict:
                if key in SECRET_MAPS:
                    payload[key] = {name: Secret(v) if type(v) is str else v for name, v in value.items()}
                else:
                    hide(value)
            elif kind is list:
                hide(value)
            elif kind is str and key in SECRET_VALUES:
                payload[key] = Secret(value)
    return payload
