"""Finding secrets in texts, however they are spelled there, and putting dots in their place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from typing import Any, Final
from urllib.parse import quote, quote_plus

from createos_nb.secret import MASK, Secret

#: Shorter values are words and numbers that pages are made of: dots in their place would garble the page, and tell
#: by their places what the value is.
_SHORTEST: Final = 8
#: The same goes for a plain word, and for an address that opens nothing.
_PLAIN: Final = re.compile(r"[A-Za-z]+(?:[ ._/-][A-Za-z]+)*|https?://[\w.:-]+(?:/[\w./-]*)?")
_LONGEST_PLAIN: Final = 20
#: Of a value of `_CUT` characters or more, also its beginning is found: what shows long texts cuts them.
_CUT: Final = 24
_HEAD: Final = 16


def spellings(text: str) -> set[str]:
    """A text as it is, and as JSON, Python, an address or a page spell it."""
    as_json = {json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]}
    # the messages of many errors hold the `repr` of texts and of bodies
    in_python = {
        one for form in {text} | as_json for one in (repr(form)[1:-1], repr(form.encode(errors="replace"))[2:-1])
    }
    in_address = {quote(text, errors="replace"), quote(text, safe="", errors="replace")}
    return {text, escape(text), quote_plus(text, errors="replace")} | as_json | in_python | in_address


class Veil:
    """Puts dots in place of the secrets that it has learned of."""

    def __init__(self, known: Iterable[Secret] = ()) -> None:
        self._forms: set[str] = set()
        self._sorted: list[str] = []
        self._heads: set[str] = set()
        for one in known:
            self.learn(one)

    def learn(self, secret: Secret) -> None:
        """One more secret. What is too short or too plain to be told from other text is passed over."""
        whole = secret.reveal()
        for text in {whole, *(whole.splitlines() if "\n" in whole else ())}:
            address = text.startswith(("http://", "https://"))
            plain = _PLAIN.fullmatch(text) and (address or len(text) <= _LONGEST_PLAIN)
            if len(text.strip()) >= _SHORTEST and not plain:
                self._forms |= spellings(text)
                if len(text) >= _CUT:
                    self._heads |= {form for form in spellings(text) if len(form) >= _CUT}
        self._sorted = sorted(self._forms, key=len, reverse=True)

    def over(self, text: str) -> str:
        """The text with dots in place of the secrets."""
        for form in self._sorted:
            if form in text:
                text = text.replace(form, MASK)
        for form in self._heads:
            text = _beheaded(text, form)
        return text

    def over_all(self, value: Any) -> Any:
        """The same for all texts in mappings and lists."""
        if isinstance(value, str):
            return self.over(value)
        if isinstance(value, dict):
            return {key: self.over_all(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(map(self.over_all, value))
        return value


def _beheaded(text: str, form: str) -> str:
    """The text with dots in place of whatever begins as the form does."""
    at = text.find(form[:_HEAD])
    while at >= 0:
        end = at + _HEAD
        while end < len(text) and end - at < len(form) and text[end] == form[end - at]:
            end += 1
        text = text[:at] + MASK + text[end:]
        at = text.find(form[:_HEAD], at + len(MASK))
    return text
