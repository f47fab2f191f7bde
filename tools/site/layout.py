"""Which file of the repository is which page of the site, and what is in which section.

The pages are plain Markdown that reads as well on a code host. A section's page lists its pages as bullets or rows of a
table that begin with a link: those links are its table of contents, and a heading over them is their group.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

ROOT: Final = Path(__file__).parents[2]
#: Files whose place on the site is another than in the repository; what is in `docs/` is at the site's top.
MOVED: Final = {
    "docs/README.md": "index.md",
    "docs/concepts/README.md": "concepts/index.md",
    "docs/measured.md": "measured/index.md",
    "docs/reliability.md": "measured/reliability.md",
    "notebooks/README.md": "notebooks/index.md",
    "data/README.md": "reference/data.md",
    "data/agent_tools.md": "reference/agent_tools.md",
    "data/cli.md": "reference/cli.md",
    "data/models.md": "reference/models.md",
    "data/scenarios/README.md": "reference/scenarios.md",
    "data/faults.md": "measured/faults.md",
    "benchmarks/RESULTS.md": "measured/speed.md",
    "benchmarks/statistics/RESULTS.md": "measured/error-rates.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "docs/project.md": "project/index.md",
}
#: Files that the site has in another form, made from the code.
GENERATED: Final = {"README.md": "index.md", "data/reference.md": "reference/client/index.rst"}
#: The pages of the navigation bar, in its order; `reference/index` is made from the code.
SECTIONS: Final = (
    "docs/start.md",
    "docs/tutorials.md",
    "docs/guides.md",
    "docs/concepts/README.md",
    "notebooks/README.md",
    "reference/index",
    "docs/measured.md",
    "docs/project.md",
)
#: A link of Markdown, or an image: what is in brackets, the target, the fragment.
LINK: Final = re.compile(r"(!?\[(?:[^\[\]]|\[[^\[\]]*\])*\])\(([^()\s#]*)(#[^()\s]*)?\)")
_ENTRY: Final = re.compile(r"^(?:[-*] |\| )\[[^\]]*\]\(([^()\s#]+)\)")
_FENCE: Final = re.compile(r"^ *(```+|~~~+)")


@dataclass(frozen=True)
class Group:
    """Pages of a section under one heading; paths in the repository."""

    heading: str
    pages: tuple[str, ...]


def pages() -> dict[str, str]:
    """Each file of the repository that is a page, with its path on the site."""
    found = dict(MOVED)
    for path in sorted((ROOT / "docs").rglob("*.md")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("docs/_build/"):
            found.setdefault(name, name.removeprefix("docs/"))
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        found[f"notebooks/{path.name}"] = f"notebooks/{path.name}"
    return {name: page for name, page in found.items() if (ROOT / name).exists()}


def segments(text: str) -> Iterator[tuple[int, str, str]]:
    """A Markdown text cut into prose and blocks of code: the number of the first line from 1, the text, the language.

    The language of prose is "prose", that of a block what follows its fence. Joined by line breaks they are the text.
    """
    lines: list[str] = []
    first, fence, language = 1, "", "prose"
    for number, line in enumerate(text.split("\n"), 1):
        mark = _FENCE.match(line)
        if not fence and mark:
            if lines:
                yield first, "\n".join(lines), "prose"
            first, fence, language, lines = number, mark[1], line.strip()[len(mark[1]) :].strip(), [line]
        elif fence and mark and mark[1].startswith(fence) and line.strip() == mark[1]:
            yield first, "\n".join([*lines, line]), language
            first, fence, lines = number + 1, "", []
        else:
            lines.append(line)
    if lines:
        yield first, "\n".join(lines), language if fence else "prose"


def prose(text: str) -> Iterator[tuple[int, str]]:
    """The parts of a Markdown text that are in no block of code, each with the number of its first line."""
    return ((first, part) for first, part, language in segments(text) if language == "prose")


def resolved(name: str, target: str) -> str:
    """The path in the repository that a link of a file means."""
    parts: list[str] = []
    for part in PurePosixPath(name).parent.joinpath(target).parts:
        if part == "..":
            if not parts:
                raise ValueError(f"{name}: {target} is outside of the repository")
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def is_local(target: str) -> bool:
    """Whether the target of a link is a file, and no address and no mere fragment."""
    return bool(target) and not re.match(r"[a-z][a-z+.-]*:", target)


def groups(name: str) -> list[Group]:
    """What a section's page lists, in its order: the pages of each heading that has some."""
    heading, found, known = "", dict[str, list[str]](), pages()
    text = (ROOT / name).read_text(encoding="utf-8")
    for line in "\n".join(part for _, part in prose(text)).split("\n"):
        if line.startswith("#"):
            heading = line.lstrip("#").strip() if line.startswith("##") else ""
        elif (entry := _ENTRY.match(line)) and is_local(entry[1]):
            page = resolved(name, entry[1])
            if page in known:
                found.setdefault(heading, []).append(page)
    return [Group(heading, tuple(listed)) for heading, listed in found.items()]


def contents() -> dict[str, list[Group]]:
    """The groups of every section that is a file; a page is where it is listed first."""
    placed = {name for name in SECTIONS if name in pages()} | {"docs/README.md"}
    found: dict[str, list[Group]] = {}
    for section in SECTIONS:
        if section not in pages():
            continue
        found[section] = []
        for group in groups(section):
            new = tuple(page for page in dict.fromkeys(group.pages) if page not in placed)
            placed.update(new)
            if new:
                found[section].append(Group(group.heading, new))
    return found


def unplaced() -> list[str]:
    """Pages that no section lists: nobody would find them."""
    made = {name for name, page in pages().items() if page.startswith("reference/")}
    listed = {page for some in contents().values() for group in some for page in group.pages}
    return sorted(pages().keys() - listed - set(SECTIONS) - made - {"docs/README.md"})


def broken_links(name: str) -> list[str]:
    """Links of a Markdown file that lead to no file, or to no heading of one."""
    return list(_broken(name, (ROOT / name).read_text(encoding="utf-8")))


def broken_notebook_links(path: Path) -> list[str]:
    """The same of a notebook's texts; the line is that of the cell."""
    name = path.relative_to(ROOT).as_posix()
    return [found for text in _texts(path) for found in _broken(name, text)]


def _texts(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


def _broken(name: str, text: str) -> Iterator[str]:
    for first, part in prose(text):
        for link in LINK.finditer(part):
            _, target, fragment = link.groups()
            if re.match(r"[a-z][a-z+.-]*:", target):
                continue
            path = ROOT / (resolved(name, target) if target else name)
            where = f"{name}:{first + part.count(chr(10), 0, link.start(1))}"
            if not path.exists():
                yield f"{where}: there is no {target}"
            elif fragment and fragment[1:].lower() not in anchors(path):
                yield f"{where}: {target or 'the page'} has no heading {fragment}"


def anchors(path: Path) -> set[str]:
    """The fragments of a file's headings, as code hosts and the site make them."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n\n".join(_texts(path))
    headings = re.findall(r"^#{1,6} +(.+?) *$", "\n".join(part for _, part in prose(text)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
