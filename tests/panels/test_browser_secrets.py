"""Variables, keys, domains, scans and journals in a real browser: by hand, in both themes, narrow and wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

Page = Callable[..., Any]
Accessible = Callable[[Any], None]

VARIABLES = """
import createos_nb
client = createos_nb.simulate()
panel = createos_nb.panels.variables(client, "storefront", "staging")
panel
"""


def synced(page: Any) -> str:
    """All that the page holds outside of what is on the screen for a moment: fields, attributes, text."""
    return str(
        page.evaluate(
            """() => {
                const fields = [...document.querySelectorAll("input, textarea")].map((one) => one.value);
                return document.documentElement.outerHTML + fields.join("\\n");
            }"""
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "width"), [("light", 1100), ("dark", 600)])
def test_a_variable_is_typed_set_and_shown_for_a_moment(
    page: Page, accessible: Accessible, theme: str, width: int
) -> None:
    """The field is empty at once; the plan shows dots; the value is seen by whoever asks, and goes by itself."""
    own = page(VARIABLES, theme=theme, width=width)
    accessible(own)
    own.get_by_role("combobox", name="Name").fill("LOG_LEVEL")
    field = own.get_by_label("Value", exact=True)
    field.fill("typed-by-hand")
    field.press("Tab")
    own.get_by_text("received, not shown").wait_for()
    assert field.input_value() == ""
    assert "typed-by-hand" not in synced(own)
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("Plan: set variables of storefront / staging: LOG_LEVEL").wait_for()
    accessible(own)
    own.get_by_label("Reason").fill("to see more")
    own.get_by_label("Type staging to confirm").fill("staging")
    own.get_by_role("button", name="Set LOG_LEVEL").click()
    own.get_by_text("Receipt: set variables of storefront / staging: LOG_LEVEL").wait_for(timeout=60_000)
    own.get_by_role("radio", name="choose LOG_LEVEL").check()
    own.get_by_role("button", name="Show for 15 s").click()
    shown = own.get_by_role("group", name="LOG_LEVEL")
    shown.get_by_text("typed-by-hand").wait_for()
    accessible(own)
    shown.get_by_role("button", name="Copy LOG_LEVEL").click()
    assert own.evaluate("navigator.clipboard.readText()") == "typed-by-hand"
    shown.get_by_role("button", name="Hide LOG_LEVEL").click()
    assert "typed-by-hand" not in synced(own)


@pytest.mark.slow
def test_a_value_that_was_shown_goes_by_itself(page: Page) -> None:
    """On the page's own clock, so that nobody waits."""
    own = page(VARIABLES)
    own.clock.install()
    own.get_by_role("radio", name="choose LOG_LEVEL").check()
    own.get_by_role("button", name="Show for 15 s").click()
    own.get_by_role("group", name="LOG_LEVEL").wait_for()
    own.clock.run_for(14_000)
    assert own.get_by_role("group", name="LOG_LEVEL").count()
    own.clock.run_for(2_000)
    assert not own.get_by_role("group", name="LOG_LEVEL").count()


@pytest.mark.slow
def test_a_key_of_many_lines_keeps_them(page: Page) -> None:
    """What is pasted is taken whole: a field of one line would join its lines."""
    own = page(VARIABLES, "panel.params['value'].reveal().count('\\n') if panel.params['value'] else 'none'")
    own.get_by_role("combobox", name="Name").fill("SIGNING_KEY")
    own.evaluate("navigator.clipboard.writeText('-----BEGIN KEY-----\\nQUJD\\nREVG\\n-----END KEY-----\\n')")
    own.get_by_label("Value", exact=True).focus()
    own.keyboard.press("Control+V")
    own.get_by_text("received, 5 lines, not shown").wait_for()
    assert "QUJD" not in synced(own)


KEYS = """
import createos_nb
client = createos_nb.simulate()
panel = createos_nb.panels.api_keys(client)
panel
"""


@pytest.mark.parametrize(("theme", "width"), [pytest.param("light", 600, marks=pytest.mark.slow), ("dark", 1100)])
@pytest.mark.slow
def test_a_key_is_made_shown_once_and_another_revoked(
    page: Page, accessible: Accessible, theme: str, width: int
) -> None:
    own = page(KEYS, theme=theme, width=width)
    accessible(own)
    own.get_by_label("New key").fill("board-2")
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("Plan: create API key board-2").wait_for()
    accessible(own)
    own.get_by_role("button", name="Create", exact=True).click()
    shown = own.get_by_role("group", name="API key board-2")
    shown.wait_for()
    accessible(own)
    key = shown.locator("code").inner_text()
    assert key.startswith("skp_")
    assert len(key) > 20
    shown.get_by_role("button", name="Copy API key board-2").click()
    assert own.evaluate("navigator.clipboard.readText()") == key
    shown.get_by_role("button", name="Hide API key board-2").click()
    assert key not in synced(own)
    own.get_by_label("Action").select_option("Revoke the chosen key")
    own.get_by_role("radio", name="choose ci-deployments", exact=True).focus()
    own.keyboard.press("Space")
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("Plan: revoke API key ci-deployments").wait_for()
    revoke = own.get_by_role("button", name="Revoke", exact=True)
    assert revoke.is_disabled()
    own.get_by_label("Reason").fill("it was in a log")
    own.get_by_label("Type ci-deployments to confirm").fill("ci-deployments")
    accessible(own)
    revoke.click()
    own.get_by_text("Receipt: revoke API key ci-deployments").wait_for()
    own.get_by_role("radio", name="choose ci-deployments: not possible, it is revoked already").wait_for()


DOMAINS = """
import createos_nb
client = createos_nb.simulate()
panel = createos_nb.panels.domains(client, "storefront")
panel
"""


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "width"), [pytest.param("light", 1100, marks=pytest.mark.slow), ("dark", 600)])
def test_a_domain_is_added_its_record_copied_and_another_routed(
    page: Page, accessible: Accessible, theme: str, width: int
) -> None:
    own = page(DOMAINS, theme=theme, width=width)
    accessible(own)
    own.get_by_label("Action").select_option("Add a new one")
    own.get_by_label("New domain").fill("new.example.com")
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("Plan: add domain new.example.com to storefront").wait_for()
    accessible(own)
    own.get_by_role("button", name="Add", exact=True).click()
    own.get_by_text("Receipt: add domain new.example.com to storefront").wait_for(timeout=60_000)
    copy = own.get_by_role("row", name="new.example.com").get_by_role("button", name="Copy _createos", exact=True)
    copy.wait_for()
    copy.click()
    assert own.evaluate("navigator.clipboard.readText()") == "_createos"
    own.get_by_role("radio", name="choose new.example.com").check()
    own.get_by_role("button", name="Verify now").click()
    own.get_by_text("look 2 of at most 20, TXT missing, A missing").wait_for()
    accessible(own)
    own.get_by_role("button", name="Stop looking").click()
    own.get_by_text("Nothing was changed.").wait_for()
    own.get_by_label("Action").select_option("Route the chosen one")
    own.get_by_role("radio", name="choose wholesale.juniper-goods.example.com").check()
    own.get_by_label("Environment").select_option("green")
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("Plan: route wholesale.juniper-goods.example.com to green").wait_for()
    accessible(own)
    own.get_by_label("Reason").fill("the new side")
    own.get_by_label("Type blue to confirm").fill("blue")
    own.get_by_role("button", name="Route", exact=True).click()
    own.get_by_text("Receipt: route wholesale.juniper-goods.example.com to green").wait_for(timeout=60_000)


SECURITY = """
import createos_nb
client = createos_nb.simulate()
panel = createos_nb.panels.security(client, "storefront")
panel
"""


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "width"), [("light", 1100), pytest.param("dark", 600, marks=pytest.mark.slow)])
def test_findings_are_looked_at_and_a_failed_scan_runs_again(
    page: Page, accessible: Accessible, theme: str, width: int
) -> None:
    own = page(SECURITY, theme=theme, width=width)
    own.get_by_text("v17: the scan failed: the image could not be pulled from the registry").wait_for()
    accessible(own)
    own.get_by_role("radio", name="choose v15").check()
    own.get_by_text("v15: 4 findings").wait_for()
    own.get_by_text("sample-tls skips the check of a host name").wait_for()
    accessible(own)
    own.get_by_role("radio", name="choose v17").check()
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("Plan: scan v17 of storefront for vulnerabilities").wait_for()
    own.get_by_role("button", name="Scan again").click()
    own.get_by_text("Receipt: scan v17 of storefront for vulnerabilities").wait_for(timeout=60_000)


JOURNAL = """
import threading
import createos_nb
from createos_nb import plans, runbooks
client = createos_nb.simulate()
plan = runbooks.scale(client, "storefront", "production", replicas=2)
plan.apply(confirm=plan.digest, reason="the sale is over")
plan, stop = runbooks.set_variables(client, "storefront", "staging", {"LOG_LEVEL": "debug"}), threading.Event()
try:
    plan.apply(confirm=plan.digest, reason="to see more", cancel=stop, on_event=lambda event: stop.set())
except plans.Cancelled:
    pass
panel = createos_nb.panels.journal(client)
panel
"""


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "width"), [pytest.param("light", 1100, marks=pytest.mark.slow), ("dark", 600)])
def test_a_run_that_was_stopped_is_gone_on_with(page: Page, accessible: Accessible, theme: str, width: int) -> None:
    """What no journal holds is asked for; what is left is shown as a plan first."""
    own = page(JOURNAL, theme=theme, width=width)
    accessible(own)
    own.get_by_role("radio", name="choose").first.check()
    own.get_by_label("Value of LOG_LEVEL", exact=True).fill("debug")
    own.get_by_label("Value of LOG_LEVEL", exact=True).press("Enter")
    own.get_by_text("received, not shown").wait_for()
    own.get_by_role("button", name="Show the plan").click()
    own.get_by_text("Plan: resume: set variables of storefront / staging: LOG_LEVEL").wait_for()
    accessible(own)
    own.get_by_label("Reason").fill("to see more")
    own.get_by_label("Type staging to confirm").fill("staging")
    own.get_by_role("button", name="Resume", exact=True).click()
    own.get_by_text("Receipt: set variables of storefront / staging: LOG_LEVEL").wait_for(timeout=60_000)
