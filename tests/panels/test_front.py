"""What the package ships for browsers: built from the sources that are here, and asking nobody for anything."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from createos_nb.panels.components import FRONT

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "front"
BUNDLES = sorted(FRONT.glob("*.js"))
#: Names of namespaces, which no browser asks for.
NAMESPACES = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml")
#: A module that another server would be asked for, and what asks by itself.
LOADS = re.compile(r"""\bfrom\s*["'`]|\bimport\s*["'`]|\bimportScripts\b|\bXMLHttpRequest\b|\bsendBeacon\b""")
#: What talks to the server that the page came from, and loads what came from there: that of the dashboard alone.
CALLS = re.compile(r"\bimport\s*\(|\bfetch\s*\(|\bnew\s+(?:WebSocket|EventSource)\b")
DASHBOARD = {"dashboard", "mirror_widget"}


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.stem)
def test_no_bundle_names_an_address_to_load_from(bundle: Path) -> None:
    text = bundle.read_text(encoding="utf-8")
    for namespace in NAMESPACES:
        text = text.replace(namespace, "")
    found = re.findall(r"(?:https?:|wss?:)?//[\w-]+(?:\.[\w-]+)+[^\s\"'`)]*", text)
    # a comment of a library may say where it is developed: no program reads it
    comments = " ".join(re.findall(r"/\*.*?\*/", text, flags=re.S))
    assert [address for address in found if address not in comments] == []
    assert LOADS.search(text) is None
    if bundle.stem not in DASHBOARD:
        assert CALLS.search(text) is None


def test_what_loads_from_elsewhere_would_be_found() -> None:
    for text in ('import{a}from"https://x"', "import 'x'"):
        assert LOADS.search(text)
    for text in ('import("x")', "fetch(url)", "new WebSocket(url)"):
        assert CALLS.search(text)


@pytest.mark.parametrize("sheet", sorted(FRONT.rglob("*.css")), ids=lambda path: path.stem)
def test_no_style_sheet_loads_anything(sheet: Path) -> None:
    assert re.search(r"""@import|url\((?!["']?data:)""", sheet.read_text(encoding="utf-8")) is None


def test_every_bundle_has_its_source_and_the_license_of_what_is_in_it_lies_beside() -> None:
    assert {bundle.stem for bundle in BUNDLES} <= {source.stem for source in (SOURCES / "src").glob("*.ts")}
    assert "Permission is hereby granted" in (FRONT / "uplot.LICENSE.txt").read_text(encoding="utf-8")


def test_the_lock_file_names_no_registry() -> None:
    assert "resolved" not in (SOURCES / "package-lock.json").read_text(encoding="utf-8")


def test_the_bundles_are_what_the_sources_give() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node is here: whether the bundles are what front/src gives can't be told")
    if not (SOURCES / "node_modules" / "esbuild").is_dir():
        pytest.skip("front/node_modules is not here (`make front` installs it): the bundles can't be built to compare")
    built = subprocess.run([node, "build.mjs", "--check"], cwd=SOURCES, capture_output=True, text=True, timeout=60)
    assert built.returncode == 0, built.stderr
