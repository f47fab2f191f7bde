"""What a person without a pointer sees and does in each panel."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

#: Milliseconds after which what is waited for is not coming, on a machine that has much else to do.
LIMIT: Final = 60_000
_CONTROLS: Final = "button:enabled, input:enabled, select:enabled, [tabindex='0']"
_IS_FOCUSED: Final = "own => own.getRootNode().activeElement === own"
_GROUP_IS_FOCUSED: Final = """own => {
    const at = own.getRootNode().activeElement;
    return at?.type === 'radio' && at.name === own.name;
}"""


class Keyboard:
    """The keyboard in a panel, from its first control on.

    Attributes:
        panel: the panel.
    """

    def __init__(self, panel: Any) -> None:
        self.panel = panel
        self._keys = panel.page.keyboard
        self._begun = False

    def sees(self, text: str | re.Pattern[str]) -> None:
        self.panel.get_by_text(text).locator("visible=true").first.wait_for(timeout=LIMIT)

    def sees_no_more(self, text: str) -> None:
        self.panel.get_by_text(text).first.wait_for(state="detached", timeout=LIMIT)

    def labelled(self, label: str) -> Any:
        return self.panel.get_by_label(label, exact=True).locator("visible=true").first

    def press(self, target: Any, *keys: str) -> None:
        """Go there by Tab alone, and press keys."""
        self._tab(target, _IS_FOCUSED)
        for key in keys:
            self._keys.press(key)

    def button(self, name: str) -> None:
        self.press(self.panel.get_by_role("button", name=name, exact=True).locator("visible=true").first, "Enter")

    def type(self, label: str, text: str) -> None:
        self.press(self.labelled(label), "Control+a")
        self._keys.type(text)

    def choose(self, label: str, option: str) -> None:
        """Choose in a list, by arrows."""
        field = self.labelled(label)
        field.wait_for(timeout=LIMIT)
        labels = [one.replace("\xa0", " ") for one in field.evaluate("own => [...own.options].map(one => one.label)")]
        steps = labels.index(option) - field.evaluate("own => own.selectedIndex")
        self.press(field, *(["ArrowDown" if steps > 0 else "ArrowUp"] * abs(steps)))
        assert field.evaluate("own => own.selectedIndex") == labels.index(option)

    def row(self, name: str, *keys: str) -> None:
        """Choose a row or a card: Tab leads to one of them, and arrows from one to the other."""
        wanted = self.panel.get_by_role("radio", name=name).first
        self._tab(wanted, _GROUP_IS_FOCUSED)
        for _ in range(40):
            if wanted.evaluate(_IS_FOCUSED):
                break
            self._keys.press("ArrowDown")
        self._keys.press("Space")
        assert wanted.is_checked()
        for key in keys:
            self._keys.press(key)

    def plan(self, says: str) -> None:
        """Let the plan be shown."""
        self.button("Show the plan")
        self.panel.locator(".createos-plan").get_by_text(says).first.wait_for(timeout=LIMIT)

    def _tab(self, target: Any, until: str) -> None:
        target.wait_for(timeout=LIMIT)
        if not self._begun:
            self.panel.locator(_CONTROLS).locator("visible=true").first.focus()
            self._begun = True
        for _ in range(80):
            if target.evaluate(until):
                return
            self._keys.press("Tab")
        raise AssertionError(f"Tab does not lead to {target}")


@dataclass(frozen=True)
class Shown:
    """A panel.

    Attributes:
        arguments: what it is opened with, as code.
        heading: what it is called, "" for a chart, which has none.
        first: what is seen in it at first.
        use: what a person does in it, and what then has to be seen.
    """

    arguments: str
    heading: str
    first: str
    use: Callable[[Keyboard], None]


#: All panels by the names of their functions.
SHOWN: Final[dict[str, Shown]] = {}
_SHOP: Final = 'client, "storefront"'
_PRODUCTION: Final = 'client, "storefront", "production"'
_STAGING: Final = 'client, "storefront", "staging"'

Use = Callable[[Keyboard], None]


def _opened(arguments: str, heading: str, first: str) -> Callable[[Use], Use]:
    def add(use: Use) -> Use:
        SHOWN[use.__name__] = Shown(arguments, heading, first, use)
        return use

    return add


@_opened("client", "Fleet", "shop-assistant")
def overview(keyboard: Keyboard) -> None:
    keyboard.row("choose storefront / staging", "Enter")
    keyboard.panel.get_by_role("heading", name="Diagnosis").wait_for(timeout=LIMIT)
    keyboard.sees(re.compile("read at 2026-03-02 .* requests"))


@_opened(_PRODUCTION, "Logs", "the last 200 of")
def logs(keyboard: Keyboard) -> None:
    keyboard.type("Search", "checkout")
    keyboard.panel.locator("mark").filter(has_text="checkout").first.wait_for(timeout=LIMIT)


@_opened(_STAGING, "Scale", "1 replica has been shown to carry")
def scale(keyboard: Keyboard) -> None:
    keyboard.press(keyboard.panel.get_by_role("slider", name="Replicas"), "ArrowRight")
    keyboard.sees("2 (now 1)")
    keyboard.plan("replicas 2")


@_opened("client", "API keys", "ci-deployments")
def api_keys(keyboard: Keyboard) -> None:
    keyboard.type("New key", "a-key-of-mine")
    keyboard.plan("a-key-of-mine")


@_opened(_PRODUCTION, "Assign", "Use the money module everywhere")
def assign(keyboard: Keyboard) -> None:
    keyboard.row("choose v15")
    keyboard.plan("v15")


@_opened(_SHOP, "Blue-green", "Order by article number")
def blue_green(keyboard: Keyboard) -> None:
    keyboard.plan("wholesale.juniper-goods.example.com")


@_opened(_PRODUCTION, "Canary", "choose the version to test beside it")
def canary(keyboard: Keyboard) -> None:
    keyboard.choose("Version", "v16 (deployed)")
    keyboard.plan("canary")


@_opened(_SHOP, "Clean up", "failed: its build failed")
def clean_up(keyboard: Keyboard) -> None:
    keyboard.plan("v13")


@_opened(_SHOP, "Deploy", "Builds the newest commit of a branch")
def deploy(keyboard: Keyboard) -> None:
    keyboard.type("Branch", "main")
    keyboard.plan("main")


@_opened(_PRODUCTION, "Diagnosis", "Nothing is wrong with storefront/production now.")
def diagnose(keyboard: Keyboard) -> None:
    keyboard.choose("Project", "orders-api")
    keyboard.button("Diagnose")
    keyboard.sees(re.compile("orders-api/"))


@_opened(_SHOP, "Domains", "wholesale.juniper-goods.example.com")
def domains(keyboard: Keyboard) -> None:
    keyboard.row("choose wholesale.juniper-goods.example.com")
    keyboard.choose("Environment", "green")
    keyboard.plan("green")


@_opened('createos_nb.training.drill("wrong_port", seed=5)', "Drill", "60 minutes left")
def drill(keyboard: Keyboard) -> None:
    keyboard.button("Wait 5 minutes")
    keyboard.sees("55 minutes left")


@_opened("client", "Journal", "scale storefront / development: replicas 2")
def journal(keyboard: Keyboard) -> None:
    keyboard.row("choose")
    keyboard.choose("Chosen run", "Undo")
    keyboard.plan("replicas")


@_opened("client", "Launch", "Drop a folder or files here")
def launch(keyboard: Keyboard) -> None:
    keyboard.type("Name", "gift-cards")
    keyboard.choose("From", "a container image")
    keyboard.type("Image", "ghcr.io/juniper/gift-cards:1")
    keyboard.type("Port", "8080")
    keyboard.plan("gift-cards")


@_opened(f'{_SHOP}, blue="blue", green="green"', "Release watch", "Not enough traffic")
def release_watch(keyboard: Keyboard) -> None:
    live = keyboard.labelled("Live")
    keyboard.press(live, "Space")
    keyboard.sees(re.compile("now 09:0[1-9]"))
    keyboard.press(live, "Space")


@_opened(_PRODUCTION, "Roll back", "newest that was healthy")
def rollback(keyboard: Keyboard) -> None:
    keyboard.row("v10")
    keyboard.plan("v10")


@_opened(_SHOP, "Security", "the image could not be pulled from the registry")
def security(keyboard: Keyboard) -> None:
    keyboard.row("choose v16")
    keyboard.plan("v16")


@_opened(_SHOP, "Project settings", "NEXT_TELEMETRY_DISABLED")
def settings(keyboard: Keyboard) -> None:
    keyboard.type("Port", "3001")
    keyboard.plan("3001")


@_opened(_PRODUCTION, "Traffic", "83,305 requests")
def traffic(keyboard: Keyboard) -> None:
    keyboard.choose("Window", "last hour")
    keyboard.sees_no_more("83,305 requests")


@_opened('client.analytics.requests_over_time("storefront", "production", start="-2h")', "", "Requests per minute")
def traffic_chart(keyboard: Keyboard) -> None:
    keyboard.press(keyboard.panel.get_by_role("img").first, "ArrowLeft")
    moment = re.compile(r"\d\d:\d\d.*requests", re.DOTALL | re.IGNORECASE)
    keyboard.panel.locator(".createos-chart-card").filter(has_text=moment).wait_for(timeout=LIMIT)


@_opened(_STAGING, "Variables", "SESSION_SECRET")
def variables(keyboard: Keyboard) -> None:
    keyboard.type("Name", "LOG_LEVEL")
    keyboard.type("Value", "debug")
    keyboard.plan("LOG_LEVEL")
