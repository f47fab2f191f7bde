"""Checks of the built site: no other host is asked, search answers from files, links lead to what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlparse

import pytest

import createos_nb
from tools.site import api, layout, lite

#: Pages of each kind; all others are looked through as text.
PAGES = (
    "index.html",
    "start.html",
    "concepts/verdict.html",
    "notebooks/42_rollback.html",
    "notebooks/61_panels.html",
    "notebooks/60_control_room.html",
    "reference/client/environments.html",
    "reference/api/analysis.html",
    "measured/error-rates.html",
    "try.html",
)
WIDTHS = (420, 1400)
THEMES = ("light", "dark")
_LOADED = re.compile(
    r'<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\bsrc="([^"]+)"|<link\b[^>]*?\bhref="([^"]+)"'
)
_HELP = "import sys; from createos_nb.cli import main; sys.exit(main(['--help']))"
_LEADS = re.compile(r'<a\b[^>]*?\bhref="([^"]+)"')
_ID = re.compile(r'\bid="([^"]+)"')


def site_pages(html: Path) -> list[Path]:
    """The pages that Sphinx has made; JupyterLite's are its own."""
    return [page for page in sorted(html.rglob("*.html")) if lite.FOLDER not in page.relative_to(html).parts]


# --- everything that was written is there -----------------------------------------------------------------------------


def test_every_page_of_the_repository_is_built(html: Path) -> None:
    for name, page in layout.pages().items():
        assert (html / re.sub(r"\.(md|ipynb)$", ".html", page)).exists(), name


def test_everything_that_can_be_imported_is_in_the_reference(html: Path) -> None:
    errors = (html / "reference" / "errors.html").read_text(encoding="utf-8")
    for room in api.ROOMS:
        text = errors + (html / "reference" / "api" / f"{api.page_of(room)}.html").read_text(encoding="utf-8")
        for name in api.public_names(room):
            assert f">{name}<" in text or f".{name}" in text, f"{room}.{name}"


def test_every_package_has_a_page(html: Path) -> None:
    missing = {f"createos_nb.{name}" for name in createos_nb._PACKAGES} - set(api.ROOMS)
    assert not missing, "name them in tools/site/api.py"


def test_every_command_is_in_the_reference(html: Path) -> None:
    text = (html / "reference" / "cli.html").read_text(encoding="utf-8")
    asked = subprocess.run([sys.executable, "-c", _HELP], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^[ │]+([a-z][a-z-]+)(?:  |$)", asked, re.MULTILINE)
    assert {"diagnose", "run", "serve"} <= set(commands)
    for name in commands:
        assert re.search(rf"createos-nb {name}\b", text), name


def test_notebooks_have_their_pictures(html: Path) -> None:
    for name in ("20_traffic", "71_release_verdict"):
        text = (html / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
        for theme in ("light", "dark"):
            assert len(re.findall(rf'<img class="createos-on-{theme}"[^>]*src="data:image/webp', text)) >= 2, name


# --- nothing from elsewhere -------------------------------------------------------------------------------------------


def test_no_page_names_anything_to_load_from_elsewhere(html: Path) -> None:
    found = []
    for page in site_pages(html):
        for pair in _LOADED.findall(page.read_text(encoding="utf-8")):
            address = pair[0] or pair[1]
            if urlparse(address).scheme not in ("", "data") or address.startswith("//"):
                found.append(f"{page.relative_to(html)}: {address}")
    assert not found


def test_no_stylesheet_names_anything_to_load_from_elsewhere(html: Path) -> None:
    found = []
    for sheet in (html / "_static").rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        addresses = re.findall(r"url\(\s*['\"]?((?:https?:)?//[^'\")]+)|@import\s+['\"]((?:https?:)?//[^'\"]+)", text)
        found += [f"{sheet.name}: {address}" for address in addresses]
    assert not found


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_a_page_asks_nobody_fits_and_has_no_error(html: Path, browser: Any, page: str, theme: str) -> None:
    asked: list[str] = []
    errors: list[str] = []
    own = browser.new_page(color_scheme=theme)
    own.set_default_timeout(120_000)
    own.on("request", lambda request: asked.append(request.url))
    own.on("pageerror", lambda error: errors.append(str(error)))
    own.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    own.goto((html / page).as_uri(), wait_until="load")
    assert own.evaluate("document.documentElement.dataset.theme") == theme
    for width in WIDTHS:
        own.set_viewport_size({"width": width, "height": 900})
        own.wait_for_timeout(200)
        assert own.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), width
    own.close()
    assert asked
    assert [one for one in asked if not one.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []


# --- search and links -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("rollback", "42_rollback.html"),
        ("release_verdict", "analysis.html"),
        ("override_freeze", "freezes.html"),
        ("RateLimitWarning", "errors.html"),
    ],
)
def test_search_answers_from_files(html: Path, browser: Any, words: str, expected: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(120_000)
    page.goto(f"{(html / 'search.html').as_uri()}?q={words}")
    # results come one after the other
    page.wait_for_selector(f"#search-results li a[href*='{expected}']")
    assert all(one.startswith(("file:", "data:")) for one in asked)
    page.close()


def test_inner_links_of_the_site_lead_somewhere(html: Path) -> None:
    ids = {page: set(_ID.findall(page.read_text(encoding="utf-8"))) for page in site_pages(html)}
    broken = []
    for page in ids:
        for link in set(_LEADS.findall(page.read_text(encoding="utf-8"))):
            target, fragment = urldefrag(unquote(link))
            if urlparse(target).scheme or target.startswith("//"):
                continue
            path = (page.parent / target).resolve() if target else page
            path = path / "index.html" if path.is_dir() else path
            missing = fragment and path in ids and fragment not in ids[path]
            if not path.exists() or missing:
                broken.append(f"{page.relative_to(html)}: {link}")
    assert not broken
