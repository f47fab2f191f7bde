"""Text from anywhere as it is drawn: names in every script come through, in whatever installed font has them."""

from __future__ import annotations

import textwrap
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FIRST = ("Noto Sans", "Hiragino Sans", "PingFang", "Yu Gothic", "Microsoft YaHei", "Malgun Gothic", "Segoe UI")
"""Families that go with the usual font, asked before the others."""
# boxes for every letter; letters at the wrong places; pictures that can't be drawn as outlines
_NEVER = ("Last Resort", "LastResort", "cm", "STIXSize", "STIXNonUnicode", "Noto Color Emoji", "Apple Color Emoji")
_JOINERS = "\u200c\u200d"


def escape_text(text: object) -> str:
    """Text from anywhere, made safe to draw: no mathematics, and a sign for what would act instead of being read."""
    return "".join(_drawn(char) for char in str(text)).replace("$", r"\$")


def shorten_middle(text: str, length: int) -> str:
    """The text cut in the middle, where paths differ least."""
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"


def wrapped(text: str, width: float, *, size: float) -> str:
    """Text broken into lines that fit `width` inches at a font size in points."""
    # the mean advance of DejaVu Sans is a little over half its size
    characters = width * 72 / (size * 0.54)
    return textwrap.fill(text, max(int(characters * len(text) / max(columns(text), 1)), 20))


def columns(text: str) -> int:
    """The width of a text in letters; those of Chinese, Japanese and Korean take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def use_fallback_fonts(figure: Figure) -> bool:
    """Add fallback fonts for letters that the font of a text lacks. Return whether every letter was found."""
    from matplotlib.font_manager import findfont, get_font
    from matplotlib.text import Text

    all_found = True
    for text in figure.findobj(Text):
        assert isinstance(text, Text), "findobj gives what it was asked for"
        non_ascii = [char for char in text.get_text() if char > "\x7f"]
        if not non_ascii:
            continue
        own = get_font(findfont(text.get_fontproperties()))
        weight = str(text.get_fontweight())
        families = [_family(char, weight) for char in non_ascii if not own.get_char_index(ord(char))]
        more = [name for name in dict.fromkeys(families) if name is not None and name not in text.get_fontfamily()]
        if more:
            text.set_fontfamily([*text.get_fontfamily(), *more])
        all_found = all_found and None not in families
    return all_found


def _drawn(char: str) -> str:
    kind = unicodedata.category(char)
    if char == "\n" or char in _JOINERS:
        return char
    if kind == "Zs":
        return " "
    if kind == "Cc":
        code = ord(char)
        return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"
    # marks of direction would turn the text around them, and a lone surrogate is no letter
    return "\ufffd" if kind in ("Cf", "Cs", "Zl", "Zp") else char


@lru_cache(maxsize=4_096)
def _family(char: str, weight: str) -> str | None:
    """An installed family that has the letter in a weight, which may have fewer than the regular one."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    for name, path in _installed():
        try:
            if get_font(path).get_char_index(ord(char)):
                heavy = findfont(FontProperties(family=[name], weight=weight))
                if get_font(heavy).get_char_index(ord(char)):
                    return name
        except (OSError, RuntimeError):  # a font that can't be read is none
            continue
    return None


@lru_cache(maxsize=1)
def _installed() -> tuple[tuple[str, str], ...]:
    from matplotlib.font_manager import fontManager

    upright = {
        font.name: font.fname
        for font in fontManager.ttflist
        if font.style == "normal" and font.weight in (400, "normal", "regular") and not font.name.startswith(_NEVER)
    }
    return tuple(sorted(upright.items(), key=lambda font: (not font[0].startswith(_FIRST), font[0])))
