"""The style sheets of panels and dashboard: each class is of one sheet, is used, and what is used is in a sheet.

A rule styles the last class of its selector; those before it say where. A class is of the sheet in which it is styled
by itself, wherever it stands: two such sheets would overwrite each other by the order in which they come.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

import createos_nb

PACKAGE = Path(createos_nb.__file__).parent
FRONT = PACKAGE / "panels" / "front"
SHEETS = [*sorted((FRONT / "css").glob("*.css")), *sorted(FRONT.glob("*.css"))]
SOURCES = [path for room in ("panels", "dashboard") for path in (PACKAGE / room).rglob("*.py")]
SCRIPTS = sorted((PACKAGE.parent / "front" / "src").rglob("*.ts"))
#: What every panel is made of: other sheets may say how it looks among their own.
SHARED = {
    "createos-panel",
    # of base.css
    "createos-account",
    "createos-action",
    "createos-button",
    "createos-head",
    "createos-icon",
    "createos-is-down",
    "createos-missing",
    "createos-note",
    "createos-read",
    "createos-row",
    "createos-scroll",
    "createos-secret",
    "createos-state",
    "createos-tag",
    # of table.css
    "createos-bad",
    "createos-below",
    "createos-copy",
    "createos-fixed",
    "createos-grid-frame",
    "createos-grid-tools",
    "createos-is-ok",
    "createos-quiet",
    # lines of a log, which a build has, too; what mirrors panels, and is a page with them
    "createos-lines",
    "createos-mirror",
    # what moves stands still where people want that
    "createos-step-running",
}
#: Names that begin like classes: of threads and of what CSS calls otherwise, and classes that only tests look for.
NO_CLASSES = {
    "createos-nb",
    "createos-panel-loop",
    "createos-columns",
    "createos-columns-wide",
    "createos-count",
    "createos-countdown",
    "createos-diagnosis",
    "createos-log-text",
    "createos-section",
    "createos-visit",
}
_CLASS = re.compile(r"\.(createos-[a-z0-9-]+)")
_NAME = re.compile(r"createos-[a-z0-9-]*[a-z0-9](?![a-z0-9-])")
_BEGINNING = re.compile(r"createos-[a-z0-9-]*$")


@cache
def rules(sheet: Path) -> list[str]:
    """The selectors of a sheet, each by itself."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    selectors = re.findall(r"([^{};]+)\{", text)
    return [one.strip() for many in selectors if not many.strip().startswith("@") for one in _parts(many)]


def _parts(selectors: str) -> Iterator[str]:
    """Selectors between commas, of which those within brackets are parts of one."""
    depth, part = 0, ""
    for sign in selectors:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            yield part
            part = ""
        else:
            part += sign
    yield part


def classes(sheet: Path) -> set[str]:
    return {name for rule in rules(sheet) for name in _CLASS.findall(rule)}


def styled(sheet: Path) -> set[str]:
    """Classes that a sheet styles wherever they stand: nothing before or beside them but the panel itself."""
    alone = set()
    for rule in rules(sheet):
        # what has none of these is left out: `:not(…)`, `:has(…)` are conditions
        plain = re.sub(r":(?:not|has|where)\([^()]*\)|::?[a-z-]+(?!\()", "", rule)
        found = [name for name in _CLASS.findall(plain) if name not in ("createos-panel", "createos-chart")]
        if len(found) == 1 and plain.strip().endswith(found[0]):
            alone.add(found[0])
    return alone


@cache
def written() -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The names in the code, and the beginnings of names that code puts together, each with a word that may follow."""
    names, everywhere, begun = set[str](), set[str](), set[tuple[str, str]]()
    for path in SOURCES:
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        names |= {name for text in texts for name in _NAME.findall(text)}
        everywhere |= _words(texts, apart=True)
        joined = [node.values for node in nodes if isinstance(node, ast.JoinedStr)]
        heads = {
            found.group()
            for values in joined
            for text, following in pairwise(values)
            if isinstance(text, ast.Constant) and isinstance(following, ast.FormattedValue)
            if (found := _BEGINNING.search(str(text.value)))
        }
        calls = [node.func for node in nodes if isinstance(node, ast.Call)]
        if any(isinstance(call, ast.Attribute) and call.attr in ("block", "alert") for call in calls):
            heads.add("createos-")  # the kind of a block is the rest of its class
        begun |= {(head, word) for head in heads for word in _words(texts, apart=head != "createos-")}
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        names |= set(_NAME.findall(text))
        words = _words(re.findall(r'"([^"\n]*)"', text), apart=True)
        everywhere |= words
        begun |= {(head, word) for head in re.findall(r"(createos-[a-z0-9-]*)\$\{", text) for word in words}
    # what one file puts together, another may name: the shape of an icon, a kind of column
    heads = {head for head, _ in begun if head != "createos-"}
    return frozenset(names), frozenset(begun | {(head, word) for head in heads for word in everywhere})


def _words(texts: list[str], *, apart: bool) -> set[str]:
    whole = {text.replace(" ", "-") for text in texts}
    return whole | ({word for text in texts for word in text.split(" ")} if apart else set())


def is_used(name: str) -> bool:
    names, begun = written()
    return name in names or any((name[:at], name[at:]) in begun for at in range(len("createos-"), len(name)))


def test_no_class_is_styled_by_two_sheets() -> None:
    owners = defaultdict(list)
    for sheet in SHEETS:
        for name in styled(sheet):
            owners[name].append(sheet.name)
    assert not {name: sheets for name, sheets in owners.items() if len(sheets) > 1}


def test_a_class_is_named_in_one_sheet_unless_it_is_shared() -> None:
    sheets = defaultdict(set)
    for sheet in SHEETS:
        for name in classes(sheet):
            sheets[name].add(sheet.name)
    several = {name: found for name, found in sheets.items() if len(found) > 1}
    assert not {name: found for name, found in several.items() if name not in SHARED}
    assert several.keys() >= SHARED, "what is in one sheet needs no place in this list"


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_each_class_of_a_sheet_is_used(sheet: Path) -> None:
    assert [name for name in sorted(classes(sheet)) if not is_used(name)] == []


def test_each_class_that_the_code_uses_is_in_a_sheet() -> None:
    known = {name for sheet in SHEETS for name in classes(sheet)}
    names, begun = written()
    heads = {head.rstrip("-") for head, _ in begun}
    assert sorted(names - known - NO_CLASSES - heads) == []
    assert known.isdisjoint(NO_CLASSES)


def test_a_class_that_nobody_uses_and_one_that_two_sheets_style_are_found(tmp_path: Path) -> None:
    sheet = tmp_path / "own.css"
    sheet.write_text(
        "/* .createos-comment */\n"
        ".createos-panel .createos-nobody:hover, .createos-panel .createos-row > .createos-tag {}\n"
        "@media (x) { .createos-panel :is(.createos-one, .createos-two) .createos-three { color: red } }"
    )
    assert classes(sheet) == {
        *("createos-panel", "createos-nobody", "createos-row", "createos-tag"),
        *("createos-one", "createos-two", "createos-three"),
    }
    assert styled(sheet) == {"createos-nobody"}
    assert not is_used("createos-nobody")
    assert is_used("createos-muted")
    assert is_used("createos-step-not-reached")
