"""Text that came from elsewhere, made safe to show: what steers a terminal or turns the reading direction is seen."""

from __future__ import annotations

import re
from typing import Final

#: Control characters, marks of direction, line separators, characters of no width, tags and lone surrogates. A tab and
#: a line feed are no danger. The joiners of scripts and emoji (U+200C, U+200D) belong to the letters beside them.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """Spell out what a terminal would act on, or nobody would see: an escape becomes the four letters `\\x1b`."""
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)
