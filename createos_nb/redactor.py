"""Dots in place of secrets, wherever they stand in other texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from typing import Any, Final
from urllib.parse import quote, quote_plus

from createos_nb.redaction import MASK, Secret

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


def spellings(text: str) -> set[str]:
    """Return the spellings of a text: as it is, and as JSON, Python, an address or a page spell it.

    Args:
        text: The text.

    Returns:
        All of them; one where they are the same.

    Examples:
        >>> from createos_nb.redactor import spellings
        >>> sorted(spellings("a&b"))
        ['a%26b', 'a&amp;b', 'a&b']
    """
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
    """Return a text with dots in place of secrets, as they are or as JSON, an address or a page spell them.

    Args:
        text: The text.
        secrets: The secrets; one of fewer than four characters is passed over.

    Returns:
        The text without them.

    Examples:
        >>> from createos_nb.redactor import redact
        >>> redact("GET /v1?key=skp_0123456789abcdef", ["skp_0123456789abcdef"])
        'GET /v1?key=••••••'
    """
    for secret in sorted({secret for secret in secrets if len(secret) >= _SHORTEST_ECHO}, key=len, reverse=True):
        for form in spellings(secret):
            text = text.replace(form, MASK)
    return text


class Redactor:
    """Puts dots in place of the secrets that it has learned of.

    Args:
        known: Secrets to begin with.

    Examples:
        >>> from createos_nb.redactor import Redactor
        >>> Redactor([createos_nb.Secret("skp_0123456789abcdef")]).redact("the key is skp_0123456789abcdef")
        'the key is ••••••'
    """

    def __init__(self, known: Iterable[Secret] = ()) -> None:
        self._forms: set[str] = set()
        self._sorted: list[str] = []
        self._heads: set[str] = set()
        for secret in known:
            self.learn(secret)

    def learn(self, secret: Secret) -> None:
        """Learn one more secret. What is too short or too plain to be told from other text is passed over.

        Args:
            secret: The secret.

        Examples:
            >>> from createos_nb.redactor import Redactor
            >>> redactor = Redactor()
            >>> redactor.learn(createos_nb.Secret("skp_0123456789abcdef"))
            >>> redactor.learn(createos_nb.Secret("true"))
            >>> redactor.redact("skp_0123456789abcdef is true")
            '•••••• is true'
        """
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
        """Return a text with dots in place of the secrets.

        Args:
            text: The text.

        Returns:
            The text without them.

        Examples:
            >>> from createos_nb.redactor import Redactor
            >>> Redactor([createos_nb.Secret("pass word&1")]).redact("?password=pass+word%261")
            '?password=••••••'
        """
        for form in self._sorted:
            if form in text:
                text = text.replace(form, MASK)
        for form in self._heads:
            text = _redact_beginnings(text, form)
        return text

    def redact_all(self, value: Any) -> Any:
        """Return a value with dots in place of the secrets in all its texts.

        Args:
            value: A text, or mappings and lists of texts and other values.

        Returns:
            The same value without them; the names of a mapping stay.

        Examples:
            >>> from createos_nb.redactor import Redactor
            >>> redactor = Redactor([createos_nb.Secret("skp_0123456789abcdef")])
            >>> redactor.redact_all({"sent": ["skp_0123456789abcdef", 7]})
            {'sent': ['••••••', 7]}
        """
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
