"""What the pages show works, what they link to is there, and each can be found from the front page."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from tests.docs.preparations import PREPARATIONS
from tests.docs.run_page import ROOT, python_blocks, run
from tools.site import layout

MARKDOWN = sorted({"README.md", *(name for name in layout.pages() if name.endswith(".md"))})
#: Pages whose blocks another test runs, in what they need.
ELSEWHERE = {
    "README.md": "tests/test_readme.py",
    "docs/tasks.md": "tests/test_readme.py",
    "docs/extensions.md": "tests/test_extensions.py",
    "docs/testing.md": "tests/test_pytest_plugin.py",
}
RUN = [page for page in MARKDOWN if python_blocks(page) and page not in ELSEWHERE]
#: What only Python's texts begin with.
PYTHON = re.compile(r"^(import |from \w+ import |client\.|createos_nb\.|plan = |runbooks\.)")


@pytest.mark.filterwarnings("ignore::createos_nb.errors.IncompleteWarning")  # some show what a cut log says
@pytest.mark.grid(2)
@pytest.mark.parametrize("page", RUN)
def test_its_python_blocks_run(page: str, reader: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    if page == "data/README.md":
        monkeypatch.chdir(ROOT)  # the page reads its files as they lie in a checkout
    run(page, reader, PREPARATIONS.get(page, {}))


@pytest.mark.parametrize("page", ELSEWHERE)
def test_another_test_runs_it(page: str) -> None:
    assert python_blocks(page)
    assert page.rpartition("/")[2] in (ROOT / ELSEWHERE[page]).read_text(encoding="utf-8")


def test_what_is_prepared_is_a_block_of_a_page() -> None:
    for page, prepared in PREPARATIONS.items():
        assert max(prepared) < len(python_blocks(page)), page


@pytest.mark.parametrize("page", MARKDOWN)
def test_its_python_blocks_say_so(page: str) -> None:
    """A block without a language is not run."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for first, block, language in layout.segments(text):
        if language == "":
            lines = block.split("\n")[1:-1]
            assert not any(PYTHON.match(line) for line in lines), f"{page}:{first} is Python: ```python"


@pytest.mark.parametrize("page", MARKDOWN)
def test_its_toml_blocks_can_be_read(page: str) -> None:
    for _, block, language in layout.segments((ROOT / page).read_text(encoding="utf-8")):
        if language == "toml":
            tomllib.loads("\n".join(block.split("\n")[1:-1]))


@pytest.mark.parametrize("page", MARKDOWN)
def test_its_inner_links_lead_somewhere(page: str) -> None:
    assert not layout.broken_links(page)


def test_links_of_notebooks_lead_somewhere() -> None:
    found = [
        link for path in sorted((ROOT / "notebooks").glob("*.ipynb")) for link in layout.broken_notebook_links(path)
    ]
    assert not found


def test_every_page_is_in_a_table_of_contents() -> None:
    assert not layout.unplaced(), "list it in docs/guides.md, or another section's page"


def test_a_section_lists_only_pages_that_are_there() -> None:
    known = layout.pages()
    for section, groups in layout.contents().items():
        assert groups, section
        assert all(page in known for group in groups for page in group.pages)


# --- what these tests stand on ----------------------------------------------------------------------------------------


def test_a_text_is_cut_into_prose_and_code() -> None:
    text = "one\n```python\na = 1\n```\ntwo\n````\n```\n````\n"
    parts = list(layout.segments(text))
    assert [(first, language) for first, _, language in parts] == [
        (1, "prose"),
        (2, "python"),
        (5, "prose"),
        (6, ""),
        (9, "prose"),
    ]
    assert "\n".join(part for _, part, _ in parts) == text


def test_a_broken_link_is_found(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    (tmp_path / "there.md").write_text("# Some words, with `code`\n")
    (tmp_path / "page.md").write_text(
        "# Page\n[a](there.md) [b](gone.md)\n[c](there.md#some-words-with-code) [d\nd](there.md#no) [e](#page)\n"
        "```\n[f](gone.md)\n```\n[g](https://example.com/gone.md)\n"
    )
    assert layout.broken_links("page.md") == [
        "page.md:2: there is no gone.md",
        "page.md:3: there.md has no heading #no",
    ]


def test_a_page_that_no_section_lists_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {**layout.pages(), "docs/lost.md": "lost.md"}
    monkeypatch.setattr(layout, "pages", lambda: known)
    assert layout.unplaced() == ["docs/lost.md"]
