"""The words of the lessons, each explained once: `data/glossary.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache

from createos_nb.data_files import folder


@lru_cache(maxsize=1)
def glossary() -> dict[str, str]:
    """Return what each word means, in Markdown, by the word, in the alphabet's order."""
    text = (folder("data") / "glossary.toml").read_text(encoding="utf-8")
    return dict(sorted(tomllib.loads(text)["terms"].items(), key=lambda item: item[0].casefold()))
