"""Lines that differ in few words are one template: an online miner in the manner of Drain (He et al., 2017)."""

from __future__ import annotations

import re
from collections.abc import Hashable
from operator import eq
from typing import Final

WILDCARD: Final = "<*>"
#: Share of words that a line and a template have in common.
_SIMILAR: Final = 0.5
#: The same where words differ that do not look like values.
_ALIKE: Final = 0.7
#: Names of errors, and numbers that were kept for what they say: two of them are never one variable.
_CONSTANT: Final = re.compile(r"(?:Error|Exception|Panic)\b:?$|^\W?\d+\W*$")
#: Templates of one length and beginning that a line is compared with, those that came last.
_COMPARED: Final = 32
#: First words of one length; from then on the first word may be a variable as well.
_FIRST_WORDS: Final = 100


class TemplateMiner:
    """Groups texts, of which variables are named already, into templates.

    Texts are compared with templates of the same kind, length and first word. Where they have enough words in common,
    the words that differ become `<*>`.
    """

    def __init__(self) -> None:
        self._templates: list[list[str]] = []
        self._known: dict[tuple[Hashable, str], int] = {}
        self._leaves: dict[tuple[Hashable, int, str], list[int]] = {}
        self._first_words: dict[tuple[Hashable, int], set[str]] = {}

    def add(self, text: str, kind: Hashable = None) -> int:
        """Return the number of the template of a text; texts of different kinds never share one."""
        key = (kind, text)
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = self._find(text.split(" "), kind)
        return number

    def template(self, number: int) -> str:
        """Return a template."""
        return " ".join(self._templates[number])

    def _find(self, words: list[str], kind: Hashable) -> int:
        leaf = self._leaves.setdefault((kind, len(words), self._branch(words, kind)), [])
        for number in reversed(leaf[-_COMPARED:]):
            template = self._templates[number]
            same = sum(map(eq, template, words))
            if same >= _SIMILAR * len(words) and _mergeable(template, words, same):
                if same < len(words):
                    self._templates[number] = [a if a == b else WILDCARD for a, b in zip(template, words, strict=True)]
                return number
        self._templates.append(words)
        leaf.append(len(self._templates) - 1)
        return leaf[-1]

    def _branch(self, words: list[str], kind: Hashable) -> str:
        """The first word, unless it is a variable, or there are so many that it must be one."""
        first = words[0]
        if _is_value(first):
            return WILDCARD
        first_words = self._first_words.setdefault((kind, len(words)), set())
        if first not in first_words:
            if len(first_words) >= _FIRST_WORDS:
                return WILDCARD
            first_words.add(first)
        return first


def _mergeable(template: list[str], words: list[str], same: int) -> bool:
    differing = [(a, b) for a, b in zip(template, words, strict=True) if a != b and a != WILDCARD]
    if any(_CONSTANT.search(a) or _CONSTANT.search(b) for a, b in differing):
        return False
    return same >= _ALIKE * len(words) or all(_is_value(a) and _is_value(b) for a, b in differing)


def _is_value(word: str) -> bool:
    """Whether a word looks like a value rather than a word of a sentence."""
    return any(not (letter.isalpha() or letter in ".,:;!?-") for letter in word)
