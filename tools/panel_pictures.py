"""The panels whose pictures README and documentation show, on worlds of the simulator: `python -m tools.pictures`.

The same pictures are what `tests/panels/test_browser_looks.py` compares a panel with, so that a look changes only when
somebody means it: `make pictures` draws them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page

from createos_nb.plots.encoding import few_colors, png

FOLDER: Final = Path(__file__).parent.parent / "data" / "pictures"
THEMES: Final = ("light", "dark")
#: Bytes that a picture of a panel takes at the most.
LARGEST: Final = 90_000
_COLORS: Final = 96
#: Of the page: a panel is taken whole.
HEIGHT: Final = 1900
_WAIT: Final = 60_000
#: Dots of a picture that are compared as one: letters differ by less from machine to machine than panels do.
_BLOCK: Final = 8


def _nothing(page: Page) -> None:
    """Show a panel as it opens."""


@dataclass(frozen=True)
class Shot:
    """A panel, and what is done until it shows what its picture is of.

    Attributes:
        cell: the Python that shows the panel.
        act: what is done by pointer and keyboard.
        width: of the page, in dots.
        alt: what the picture shows, for those who can't see it.
    """

    cell: str
    alt: str
    act: Callable[[Page], None] = _nothing
    width: int = 1180

    def taken(self, page: Page) -> Image.Image:
        """Return the picture of the panel in a page that has run the cell."""
        page.set_viewport_size({"width": self.width, "height": HEIGHT})
        self.act(page)
        return taken(page)


def taken(page: Page) -> Image.Image:
    """Return the picture of the panel in a page, once nothing moves: what is read has come, and is drawn."""
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    shown = b""
    for _ in range(40):
        page.wait_for_timeout(500)
        before, shown = shown, page.locator(".createos-panel").first.screenshot(animations="disabled", caret="hide")
        if shown == before:
            break
    return Image.open(BytesIO(shown)).convert("RGB")


def small(picture: Image.Image) -> bytes:
    """Return a picture as PNG with few colours."""
    return png(few_colors(np.asarray(picture.convert("RGBA")), _COLORS))


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the part of a picture that looks different in another: 0 to 1; those of other sizes are padded.

    Blocks of dots are compared, since the edges of letters are not the same on every machine.
    """
    width, height = (max(sizes) for sizes in zip(one.size, other.size, strict=True))
    blocks = []
    for picture in (one, other):
        whole = Image.new("RGB", (width, height), "#ff00ff")
        whole.paste(picture)
        small_one = whole.resize((max(width // _BLOCK, 1), max(height // _BLOCK, 1)), Image.Resampling.BOX)
        blocks.append(np.asarray(small_one).astype(int))
    return float((np.abs(blocks[0] - blocks[1]).max(axis=-1) > 24).mean())


def _panel(page: Page) -> Locator:
    return page.locator(".createos-panel").first


def _open_the_degraded(page: Page) -> None:
    page.get_by_text("Degraded", exact=True).first.click()
    page.get_by_text("Log patterns").first.wait_for(timeout=_WAIT)


def plan(page: Page) -> None:
    """Have a panel show its plan."""
    _panel(page).get_by_role("button", name="Show the plan").click()
    page.get_by_text("Impact").first.wait_for(timeout=_WAIT)


def give_reason(page: Page, reason: str, name: str = "") -> None:
    """Write what a plan needs before it may be applied; `name` is that of an environment that serves users."""
    _panel(page).get_by_label("Reason").fill(reason)
    if name:
        _panel(page).get_by_label(f"Type {name} to confirm").fill(name)
    page.keyboard.press("Tab")


def act(page: Page, button: str, until: str) -> None:
    """Press the primary button, and wait for a text."""
    _panel(page).get_by_role("button", name=button).click()
    _panel(page).get_by_text(until).first.wait_for(timeout=_WAIT)


def _deploy_what_does_not_build(page: Page) -> None:
    plan(page)
    give_reason(page, "the money library", "production")
    act(page, "Deploy", "was not found")


_IMPORT: Final = "import createos_nb\nfrom createos_nb import panels, runbooks\n\n"
#: A shop, 40 minutes after a push that went live by itself, and fails.
_FAILING: Final = (
    f"{_IMPORT}client = createos_nb.simulate()\n"
    'bad = {"errors": [{"status": 500, "share": 0.04}]}\n'
    'client.world.push("recommendations", "main", message="Another model", behavior=bad)\n'
    "client.clock.sleep(2400)\n"
)
_SHOP: Final = (
    f"{_IMPORT}client = createos_nb.simulate()\n"
    'client.world.set_behavior("storefront", 6, errors=[{"status": 500, "share": 0.04}])\n'
)
SHOTS: Final[dict[str, Shot]] = {
    "fleet": Shot(
        f"{_FAILING}panels.overview(client)",
        "The fleet as a table: what is degraded stands first; beside it, what is wrong with one of them, and the cure",
        _open_the_degraded,
        1260,
    ),
    "rollback": Shot(
        f'{_IMPORT}panels.rollback(createos_nb.simulate("bad-release"), "storefront", "production")',
        "A rollback is planned: the versions that could serve again, the steps, and what is missing before it can run",
        plan,
    ),
    "release-watch": Shot(
        f"{_SHOP}"
        'plan = runbooks.route_domain(client, "storefront", "wholesale.juniper-goods.example.com", "green")\n'
        'receipt = plan.apply(confirm=plan.confirmation, reason="the new version")\n'
        "client.clock.sleep(900)\n"
        'panels.release_watch(client, "storefront", blue="blue", green="green")',
        "Two sides of a release with their requests and errors, the evidence between its boundaries, and the verdict",
    ),
    "deploy": Shot(
        f'{_IMPORT}panel = panels.deploy(createos_nb.simulate("build-broken"), "storefront")\n'
        'panel.params = {"environment": "production"}\npanel',
        "A deployment that failed: its stages with their times, and the line of the build log that says why",
        _deploy_what_does_not_build,
    ),
}
