"""References of container images, by the grammar of registries: host/path:tag@digest."""

from __future__ import annotations

import re
from typing import Final

from createos_nb.errors import InvalidInput

_LABEL: Final = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST: Final = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PATH: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE: Final = re.compile(
    rf"(?P<name>(?:(?P<host>{_HOST})/)?{_PATH}(?:/{_PATH})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)
_LONGEST: Final = 255


def image_of(image: object, name: str = "image") -> str:
    """The reference of an image without blanks around it. Raises `InvalidInput` for what no registry takes."""
    if not isinstance(image, str) or not image.strip():
        raise InvalidInput(f"{name}: give the reference of an image, such as nginx:1.27, not {image!r}")
    text = image.strip()
    reference = _REFERENCE.fullmatch(text)
    if reference is None or len(reference["name"]) > _LONGEST:
        raise InvalidInput(f"{name}={text[:80]!r} is no reference of an image: {_why(text)}")
    return text


def _why(text: str) -> str:
    """What is most likely wrong, and what it looks like."""
    like = "it looks like nginx:1.27, ghcr.io/org/app:v2 or app@sha256:…"
    if "://" in text:
        return f"leave {text.partition('://')[0]}:// out; {like}"
    if any(letter.isspace() for letter in text):
        return f"it holds a blank; {like}"
    path, _, tag = text.partition("@")[0].rpartition(":")
    lowered = f"{path.lower()}:{tag}" if path and "/" not in tag else text.lower()
    if lowered != text and _REFERENCE.fullmatch(lowered):
        return f"names are in small letters: {lowered}"
    return like
