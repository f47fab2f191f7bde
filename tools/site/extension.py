"""What Sphinx does besides: single backticks of docstrings are code, and nothing else of them is markup."""

from __future__ import annotations

from typing import Any

from tools.site.api import plain


def setup(app: Any) -> dict[str, Any]:
    """Register the hooks."""
    # before napoleon reads the sections
    app.connect("autodoc-process-docstring", _docstring, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = plain("\n".join(lines)).split("\n")
