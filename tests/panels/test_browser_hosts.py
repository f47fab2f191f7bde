"""Every panel in every program that shows panels: it is seen, reached by the keyboard alone, and answers.

Notebook 7 shows three of them by default; the others, and JupyterLab, Voila and marimo, are the long version. Plans are
made and not carried out, so that the panels of a page share a world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest

from createos_nb import panels
from tests.panels.by_keyboard import LIMIT, SHOWN, Keyboard
from tests.panels.conftest import NOT_OURS
from tests.panels.hosts import HOSTS

pytestmark = pytest.mark.browser

FIRST: Final = """
import createos_nb
client = createos_nb.simulate()
plan = createos_nb.runbooks.scale(client, "storefront", "development", replicas=2)
plan.apply(confirm=plan.digest, reason="a load test")
""".strip()
#: What a fault in a widget says, whose modules come from blobs: JupyterLab and Notebook have faults of others as well.
OF_WIDGETS: Final = ("createos", "widget", "blob:")
ALWAYS: Final = ("overview", "logs", "scale")
#: Voila fetches the state of all widgets at once, for which ipywidgets waits four seconds: docs/panels.md.
AT_A_TIME: Final = {"voila": 4}


def pages(host: str) -> list[tuple[str, ...]]:
    """The panels of each page of a host."""
    most = AT_A_TIME.get(host, len(SHOWN))
    others = [name for name in SHOWN if name not in ALWAYS]
    return [ALWAYS, *(tuple(others[at : at + most]) for at in range(0, len(others), most))]


def variants() -> Iterator[Any]:
    for host in HOSTS:
        for names in pages(host):
            for name in names:
                yield pytest.param(host, names, name, id=f"{host}-{name}")


class Page:
    """A page with panels, and what it says of faults."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self._errors: list[str] = []
        page.on("console", lambda message: self._errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._errors.append(error.stack or str(error)))

    def panel(self, heading: str) -> Any:
        """The panel of a heading, or the chart that has none, as soon as it is there."""
        head = self.page.get_by_role("heading", name=heading, exact=True)
        panel = self.page.locator(".createos-panel")
        chart = self.page.locator(".createos-chart").filter(has_not=self.page.locator(".createos-panel *"))
        own = (panel.filter(has=head) if heading else chart).last
        own.wait_for(state="attached", timeout=2 * LIMIT)
        own.scroll_into_view_if_needed()
        return own

    def faults(self, of: tuple[str, ...] = ("",)) -> list[str]:
        """Errors since the last time that have one of these words."""
        found, self._errors = self._errors, []
        ours = [line for line in found if not any(word in line for word in NOT_OURS)]
        return [line for line in ours if any(word in line.lower() for word in of)]


@pytest.fixture(scope="module")
def opened(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Page]]:
    """`opened(host, names)`: a page with these panels, which stays until another is asked for."""
    found: dict[tuple[str, tuple[str, ...]], Page] = {}
    with ExitStack() as ended:

        def show(host: str, names: tuple[str, ...]) -> Page:
            if (host, names) not in found:
                ended.pop_all().close()
                found.clear()
                cells = [FIRST, *(f"createos_nb.panels.{name}({SHOWN[name].arguments})" for name in names)]
                run = ended.enter_context(HOSTS[host](tmp_path_factory.mktemp(host), cells))
                context = ended.enter_context(browser.new_context(viewport={"width": 1280, "height": 1000}))
                found[host, names] = Page(context.new_page())
                run(found[host, names].page, found[host, names].faults)  # what it says before is its own matter
            return found[host, names]

        yield show


def test_no_panel_is_left_out() -> None:
    assert set(panels.__all__) == set(SHOWN)


@pytest.mark.slow
@pytest.mark.parametrize(("host", "names", "name"), list(variants()))
def test_a_panel_is_seen_and_answers_to_the_keyboard(
    opened: Callable[..., Page], host: str, names: tuple[str, ...], name: str
) -> None:
    page, shown = opened(host, names), SHOWN[name]
    keyboard = Keyboard(page.panel(shown.heading))
    keyboard.sees(shown.first)
    shown.use(keyboard)
    assert "[object Object]" not in keyboard.panel.inner_text()
    assert page.faults(OF_WIDGETS if host in ("jupyterlab", "notebook") else ("",)) == []
