"""Lay the pages out for Sphinx in `docs/_build/source`: links between files become links between pages.

Nothing of that is committed; what is there from an earlier time is replaced.
"""

from __future__ import annotations

import json
import re
import shutil
from os.path import relpath
from pathlib import Path, PurePosixPath
from typing import Any, Final

from tools.site import layout
from tools.site.layout import LINK, ROOT

BUILD: Final = ROOT / "docs" / "_build"
SOURCE: Final = BUILD / "source"
#: Files that pages link to, and that are no pages: they are downloads.
FILES: Final = "files"
_IMAGE: Final = re.compile(r"^!\[([^\]]*)\]\(([^()\s]+)([.-])light\.(png|svg|gif|webp)\)$", re.MULTILINE)
#: The same as HTML, which a code host shows in its reader's theme.
_PICTURE: Final = re.compile(
    r'<picture>\s*<source [^>]*srcset="[^"]+">\s*'
    r'<img alt="([^"]*)" src="([^"]+)([.-])light\.(png|svg|gif|webp)"[^>]*>\s*</picture>'
)


def lay_out(source: Path = SOURCE) -> None:
    """Write every page that is a file of the repository, and the tables of contents."""
    shutil.rmtree(source, ignore_errors=True)
    contents = layout.contents()
    for name, page in layout.pages().items():
        target = source / page
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / name).read_text(encoding="utf-8")
        if name.endswith(".ipynb"):
            target.write_text(_notebook(text, name, page, source), encoding="utf-8")
            continue
        text = _markdown(text, name, page, source)
        if name in contents:
            text += "".join(_toctree(group) for group in contents[name])
        target.write_text(text, encoding="utf-8")
    front = source / "index.md"
    sections = "\n".join(_document(layout.pages().get(name, name)) for name in layout.SECTIONS)
    toctree = f"\n```{{toctree}}\n:hidden:\n\n{sections}\n```\n"
    front.write_text(front.read_text(encoding="utf-8") + toctree, encoding="utf-8")


def _toctree(group: layout.Group) -> str:
    known = layout.pages()
    caption = f":caption: {group.heading}\n" if group.heading else ""
    entries = [_document(known[name]) for name in group.pages]
    return f"\n```{{toctree}}\n:hidden:\n{caption}\n" + "\n".join(entries) + "\n```\n"


def _document(page: str) -> str:
    """The name of a page in a table of contents: absolute, without its suffix."""
    return "/" + re.sub(r"\.(md|ipynb)$", "", page)


def _markdown(text: str, name: str, page: str, source: Path) -> str:
    parts = []
    for _, part, language in layout.segments(text):
        if language == "prose":
            for pattern in (_IMAGE, _PICTURE):
                part = pattern.sub(lambda match: _both(match, name, page, source), part)
            part = LINK.sub(lambda match: _link(match, name, page, source), part)
        parts.append(part)
    return "\n".join(parts)


def _link(match: re.Match[str], name: str, page: str, source: Path) -> str:
    # JupyterLab's fragments keep the capitals of a heading, the site's do not
    words, target, fragment = match[1], match[2], (match[3] or "").lower()
    if not target:
        return f"{words}({fragment})"
    if not layout.is_local(target):
        return match[0]
    there = _target(target, name, page, source)
    if f"{FILES}/" in there and there.endswith((".md", ".ipynb")):
        return f"{words}(path:{there})"  # a download: MyST would look for a page of that name
    return f"{words}({there}{fragment})"


def _target(target: str, name: str, page: str, source: Path) -> str:
    """Where a link of a file leads on the site; what is no page is copied there."""
    path = layout.resolved(name, target)
    known = layout.GENERATED.get(path) or layout.pages().get(path)
    if known is None:
        if not (ROOT / path).is_file():
            raise FileNotFoundError(f"{name}: a link leads to {target}, which is no file")
        known = f"{FILES}/{path}"
        copy = source / known
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, copy)
    return relpath(known, PurePosixPath(page).parent)


def _both(match: re.Match[str], name: str, page: str, source: Path) -> str:
    """A picture that is there for the light and for the dark theme."""
    alt, stem, mark, suffix = match.groups()
    figures = []
    for theme in ("light", "dark"):
        shown = f"only-{theme}"
        target = _target(f"{stem}{mark}{theme}.{suffix}", name, page, source)
        figures.append(f"```{{figure}} {target}\n:alt: {alt}\n:class: {shown}\n:figclass: picture {shown}\n```")
    return "\n\n".join(figures)


def _notebook(text: str, name: str, page: str, source: Path) -> str:
    notebook: dict[str, Any] = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            joined = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
            cell["source"] = _markdown(joined, name, page, source)
    return json.dumps(notebook)
