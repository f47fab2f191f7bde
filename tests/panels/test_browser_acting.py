"""People who deploy, assign, roll back and switch, in a real browser."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

SET_UP = """
import createos_nb
client = createos_nb.simulate()
"""
Page = Callable[..., Any]
Accessible = Callable[[Any], None]


def drop(page: Any, *paths: Path) -> None:
    """Drop files and folders of the disk, as a hand does."""
    box = page.locator(".createos-file-drop").bounding_box()
    place = {"x": box["x"] + 30, "y": box["y"] + 20}
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})


def shop(folder: Path) -> Path:
    """A folder with a page, a picture of several parts, a secret, and what a tool has installed."""
    own = folder / "shop"
    for name, content in {
        "index.html": b"<h1>Spring",
        "css/site.css": b"h1 { color: green }",
        "picture.bin": os.urandom(700_000),
        "empty.txt": b"",
        ".env": b"TOKEN=stays-in-the-browser",
        "node_modules/left/index.js": b"1",
        ".git/HEAD": b"ref",
    }.items():
        path = own / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return own


def confirm(page: Any, name: str, words: str) -> None:
    """Give a reason, type the name, press the button."""
    page.get_by_label("Reason").fill("a person asked for it")
    page.get_by_label(f"Type {name} to confirm").fill(name)
    page.get_by_role("button", name=words, exact=True).click()


@pytest.mark.parametrize("theme", [pytest.param("light", marks=pytest.mark.slow), "dark"])
@pytest.mark.slow
def test_a_person_drops_a_folder_sees_it_build_and_makes_it_live(
    page: Page, accessible: Accessible, tmp_path: Path, theme: str
) -> None:
    own = page(
        SET_UP,
        'panel = createos_nb.panels.deploy(client, "landing-pages")\npanel',
        theme=theme,
        height=1500,
    )
    own.get_by_role("button", name="Choose a folder …").wait_for()
    accessible(own)
    drop(own, shop(tmp_path))
    own.get_by_text("4 files, 700,029 bytes; 3 excluded").wait_for()
    files = own.get_by_role("region", name="Files of the upload")
    files.get_by_text("secret: environment variables").wait_for()
    files.get_by_text("installed packages").wait_for()
    accessible(own)
    own.get_by_label("Live in").select_option("production")
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("Plan: upload 4 files").wait_for()
    assert own.get_by_role("button", name="Deploy to production").is_disabled()
    accessible(own)
    confirm(own, "production", "Deploy to production")
    log = own.get_by_role("log", name="Build log")
    log.get_by_text("unpacking the upload").wait_for()
    own.get_by_role("button", name="Stop").wait_for()
    accessible(own)
    own.get_by_text("Receipt: upload 4 files").wait_for()
    assert "health check on port 80: passed" in log.inner_text()
    accessible(own)


@pytest.mark.slow
def test_what_was_dropped_is_what_was_deployed_and_is_assigned(page: Page, tmp_path: Path) -> None:
    """Deployed and live nowhere yet; a second panel assigns it; what the platform holds is what lay on the disk."""
    folder = shop(tmp_path)
    own = page(
        SET_UP,
        'deploying = createos_nb.panels.deploy(client, "landing-pages")\ndeploying',
        'assigning = createos_nb.panels.assign(client, "landing-pages", "production")\nassigning',
        f"""
import ipywidgets, pathlib
def held(_):
    client.deployments.download_to("landing-pages", 4, {str(tmp_path / "got")!r})
    row = client.environments.get("landing-pages", "production")
    live = client.deployments.get("landing-pages", row["project_deployment_id"])["version_number"]
    said.value = f"live v{{live}}"
ask, said = ipywidgets.Button(description="What is so"), ipywidgets.HTML()
ask.on_click(held)
ipywidgets.VBox([ask, said])
""",
        height=2400,
    )
    deploying, assigning = own.locator(".createos-panel").nth(0), own.locator(".createos-panel").nth(1)
    with own.expect_file_chooser() as chooser:  # the way of the keyboard: a folder is chosen
        deploying.get_by_role("button", name="Choose a folder …").press("Enter")
    chooser.value.set_files(folder)
    deploying.get_by_text("4 files, 700,029 bytes; 3 excluded").wait_for()
    deploying.get_by_role("button", name="Show the plan").click()
    deploying.get_by_text("Plan: upload 4 files").wait_for()
    confirm(deploying, "production", "Deploy")  # it may have to make room
    deploying.get_by_text("Receipt: upload 4 files").wait_for()
    assigning.get_by_role("button", name="Refresh").click()
    assigning.get_by_role("radio", name="v4").check()
    assert assigning.get_by_role("radio", name="v3").is_disabled()
    assert "it is live in production" in assigning.inner_text()
    assigning.get_by_role("button", name="Show the plan").click()
    assigning.get_by_text("Plan: assign v4 to").wait_for()
    confirm(assigning, "production", "Assign")
    assigning.get_by_text("Receipt: assign v4 to").wait_for()
    own.get_by_role("button", name="What is so").click()
    own.get_by_text("live v4").wait_for()
    got = {path.relative_to(tmp_path / "got").as_posix(): path.read_bytes() for path in (tmp_path / "got").rglob("*.*")}
    wanted = {name: (folder / name).read_bytes() for name in ("index.html", "picture.bin", "empty.txt", "css/site.css")}
    assert got == wanted


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "width"), [("light", 1000), ("dark", 600)])
def test_a_person_launches_a_folder_and_sees_where_its_settings_come_from(
    page: Page, accessible: Accessible, tmp_path: Path, theme: str, width: int
) -> None:
    own = page(SET_UP, "panel = createos_nb.panels.launch(client)\npanel", theme=theme, width=width, height=2200)
    own.get_by_role("button", name="Choose a folder …").wait_for()
    accessible(own)
    own.get_by_label("Name", exact=True).fill("gift-cards")
    drop(own, shop(tmp_path))
    own.get_by_text("4 files, 700,029 bytes; 3 excluded").wait_for()
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("Plan: launch gift-cards: 4 files of").wait_for()
    settings = own.get_by_role("region", name="Settings")
    settings.get_by_text("index.html, and nothing that is built").wait_for()
    accessible(own)
    assert own.evaluate("document.documentElement.scrollWidth") <= width
    own.get_by_role("button", name="Launch", exact=True).click()  # nobody is reached: nothing is to be typed
    own.get_by_text("Receipt: launch gift-cards").wait_for()
    accessible(own)


@pytest.mark.slow
def test_a_person_stops_waiting_and_goes_on(page: Page, accessible: Accessible) -> None:
    own = page(
        SET_UP,
        'panel = createos_nb.panels.deploy(client, "edge-gateway")\npanel',
        height=1300,
    )
    own.get_by_label("Image").fill("registry.example.com/juniper/edge-gateway:2.0.0")
    own.get_by_label("Image").press("Tab")
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("Plan: deploy registry").wait_for()
    own.get_by_role("button", name="Deploy", exact=True).click()  # it reaches nobody: nothing is to be typed
    own.get_by_role("button", name="Stop", exact=True).click()
    own.get_by_text("cancelled by the caller").first.wait_for()
    accessible(own)
    own.get_by_role("button", name="Resume").click()
    own.get_by_text("Receipt: deploy registry").wait_for()


def tab_to(page: Any, role: str, name: str, most: int = 40) -> None:
    """Press Tab until the keyboard is at a control of that name."""
    wanted = page.get_by_role(role, name=name).first
    for _ in range(most):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not get to {name!r}")


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_a_person_rolls_back_by_the_keyboard_alone(page: Page, accessible: Accessible, theme: str) -> None:
    """And releases auto-promotion afterwards; at 600 px."""
    own = page(
        SET_UP,
        'panel = createos_nb.panels.rollback(client, "orders-api", "production")\npanel',
        theme=theme,
        width=600,
        height=1700,
    )
    own.get_by_text("newest that was healthy").wait_for()
    accessible(own)
    tab_to(own, "radio", "v3")
    own.keyboard.press("ArrowDown")
    assert own.get_by_role("radio", name="v2").is_checked()
    own.keyboard.press("ArrowUp")
    assert own.get_by_role("radio", name="v3").is_checked()
    tab_to(own, "button", "Show the plan")
    own.keyboard.press("Enter")
    own.get_by_text("Plan: roll orders-api / production back from v4 to v3").wait_for()
    accessible(own)
    own.keyboard.press("Shift+Tab")
    own.keyboard.press("Shift+Tab")
    own.keyboard.type("v4 is slow")
    own.keyboard.press("Tab")
    own.keyboard.type("production")
    own.keyboard.press("Tab")
    tab_to(own, "button", "Roll back to v3")
    own.locator(".createos-action button[aria-disabled=false]").wait_for()  # what was typed has come to the kernel
    own.keyboard.press("Enter")
    own.get_by_text("Receipt: roll orders-api / production back from v4 to v3").wait_for()
    accessible(own)
    tab_to(own, "button", "Plan: release")
    own.keyboard.press("Enter")
    own.get_by_text("Plan: release auto-promotion").wait_for()
    assert own.evaluate("document.documentElement.scrollWidth") <= 600


@pytest.mark.slow
def test_a_person_switches_to_green_and_back(page: Page, accessible: Accessible) -> None:
    own = page(SET_UP, 'panel = createos_nb.panels.blue_green(client, "storefront")\npanel', height=1500)
    own.get_by_text("blue serves wholesale.juniper-goods.example.com").wait_for()
    accessible(own)
    own.get_by_role("button", name="Smoke test").click()
    own.get_by_text("smoke test: PASS").wait_for()
    accessible(own)
    for side, other in (("green", "blue"), ("blue", "green")):
        own.get_by_role("button", name="Show the plan").click()
        own.get_by_text(f"Plan: route wholesale.juniper-goods.example.com to {side}").wait_for()
        confirm(own, other, "Switch")
        own.get_by_text(f"Receipt: route wholesale.juniper-goods.example.com to {side}").wait_for()
        own.get_by_text(f"{side} serves wholesale.juniper-goods.example.com").wait_for()
        if side == "green":  # its watch is open below
            assert own.get_by_role("meter", name="Evidence").get_attribute("aria-valuetext") is not None
            accessible(own)
            own.set_viewport_size({"width": 420, "height": 1500})
            assert own.evaluate("document.documentElement.scrollWidth") <= 420
            own.set_viewport_size({"width": 1100, "height": 1500})
    own.get_by_role("meter", name="Evidence").wait_for(state="detached")
    accessible(own)
    own.get_by_label("Live").check()
    own.get_by_text("read 09:01").wait_for()  # the watch moves the world on
    own.get_by_label("Live").uncheck()


@pytest.mark.slow
@pytest.mark.parametrize("theme", [pytest.param("light", marks=pytest.mark.slow), "dark"])
def test_an_error_is_read_and_mended(page: Page, accessible: Accessible, theme: str) -> None:
    """The platform refuses, the panel says why and what to do; when it takes it, the same panel goes through."""
    own = page(
        SET_UP,
        'panel = createos_nb.panels.assign(client, "storefront", "production")\npanel',
        """
import ipywidgets
faults = client.world.faults(what="error", status=503, operations=["AssignDeploymentToProjectEnvironment"])
box = ipywidgets.Checkbox(description="The platform refuses")
box.observe(lambda change: faults.start() if change["new"] else faults.stop(), "value")
box
""",
        theme=theme,
        height=1500,
    )
    own.get_by_label("The platform refuses").check()
    own.get_by_role("radio", name="v15").check()
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("Plan: assign v15 to").wait_for()
    confirm(own, "production", "Assign")
    alert = own.get_by_role("alert")
    alert.get_by_text("the platform could not do this now").wait_for()
    assert "→ Nothing was written again" in alert.inner_text()
    accessible(own)
    own.get_by_label("The platform refuses").uncheck()
    own.get_by_role("button", name="Resume").click()
    own.get_by_text("Receipt: assign v15 to").wait_for()
    assert own.get_by_role("alert").count() == 0
