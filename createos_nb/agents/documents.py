"""Documentation as resources: the pages that are installed with the package, and each runbook's own."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Final, NamedTuple

from createos_nb.agents import runbook_calls
from createos_nb.data_files import folder
from createos_nb.errors import InvalidInput
from createos_nb.naming import nearest

_PAGES: Final = "createos://docs/"
_RUNBOOKS: Final = "createos://runbooks/"
_TITLE: Final = re.compile(r"^# (.+)$", re.MULTILINE)


class Document(NamedTuple):
    """A page.

    Attributes:
        uri: its address.
        name: its name.
        title: its title.
        kind: its media type.
    """

    uri: str
    name: str
    title: str
    kind: str = "text/markdown"


def documents() -> list[Document]:
    """Return the pages that an agent can read.

    Returns:
        The pages of documentation, then one for each runbook.

    Examples:
        >>> from createos_nb.agents.documents import documents
        >>> [page.uri for page in documents() if page.name == "diagnosis"]
        ['createos://docs/diagnosis']
    """
    pages = [Document(f"{_PAGES}{name}", name, _title(path)) for name, path in sorted(_files().items())]
    found = runbook_calls.runbooks()
    return pages + [Document(f"{_RUNBOOKS}{name}", name, f"Runbook {name}", "text/plain") for name in found]


def read(uri: str) -> tuple[str, str]:
    """Return a page.

    Args:
        uri: its address.

    Returns:
        Its media type, and its text.

    Raises:
        InvalidInput: there is no such page.

    Examples:
        >>> from createos_nb.agents.documents import read
        >>> read("createos://docs/diagnosis")[1].splitlines()[0]
        '# Diagnoses'
    """
    for page in documents():
        if page.uri == uri:
            break
    else:
        raise InvalidInput(f"there is no page {uri!r}{nearest(uri, [page.uri for page in documents()])}")
    if uri.startswith(_PAGES):
        return page.kind, _files()[page.name].read_text(encoding="utf-8")
    return page.kind, inspect.getdoc(runbook_calls.find(page.name)) or ""


def _files() -> dict[str, Path]:
    """Markdown of docs/ and data/, by name."""
    paths = [path for name in ("data", "docs") for path in folder(name).glob("*.md")]
    return {path.stem: path for path in paths if path.stem != "README"}


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        found = _TITLE.search(file.read(2_000))
    return found[1] if found is not None else path.stem
