"""What all panels share: errors, parameters, and how they show themselves."""

from __future__ import annotations

import threading
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import Client
from createos_nb.errors import InvalidInput, NotFound
from createos_nb.panels import markup
from createos_nb.panels.panel import Panel
from createos_nb.simulator import serve
from tests.panels.counter import Counter
from tests.panels.hostile import unreachable

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202egnp$x$"


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError("a slip"), NotFound("not there"), KeyError("k"), RuntimeError("")])
def test_an_error_in_a_buttons_callback_is_shown_and_kept(client: Any, error: Exception) -> None:
    panel = Panel(client)

    def fail() -> None:
        raise error

    panel._view.build(panel._view.button("Do it", fail))
    panel.box.children[3].click()
    assert panel.last_error is error
    assert 'role="alert"' in panel._view.error.value
    first = str(error).split("\n")[0].strip("'") or "unexpected"
    assert first in panel._view.error.value
    assert type(error).__name__ not in panel._view.error.value  # no Python is told to the person at the button


def test_an_error_when_a_control_changes_is_shown_and_kept(client: Any) -> None:
    def fail(read: int) -> None:
        raise NotFound("it is gone")

    panel = Counter(client, fail)
    panel.number.value = 2
    assert panel.wait(10)
    assert "it is gone" in str(panel.last_error)
    assert "it is gone" in panel._view.error.value


def test_an_error_in_what_is_done_with_a_result_is_shown_and_kept(client: Any) -> None:
    panel = Panel(client)
    panel._view.build()

    def fail(found: Any) -> None:
        raise ValueError(f"no place for {found}")

    assert panel._background.run(lambda cancel: 5, fail)
    assert panel.wait(10)
    assert "no place for 5" in panel._view.error.value


def test_headless_run_raises_and_the_panel_shows_it_too(client: Any) -> None:
    def fail(read: int) -> None:
        raise NotFound("it is gone")

    panel = Counter(client, fail)
    with pytest.raises(NotFound):
        panel.run()
    assert isinstance(panel.last_error, NotFound)
    panel.work = None
    panel.run()
    assert panel._view.error.value == ""  # and it goes when it is well again


def test_an_error_while_polling_is_shown_and_polling_goes_on(client: Any) -> None:
    seen = threading.Event()

    def fail(read: int) -> None:
        if read == 1:
            raise NotFound("it is gone")
        seen.set()

    panel = Counter(client, fail)
    panel.params["live"] = True
    assert seen.wait(20)
    assert isinstance(panel.last_error, NotFound)
    panel.close()


# --- parameters -----------------------------------------------------------------------------------------------------


def test_parameters_are_the_controls(client: Any) -> None:
    panel = Counter(client)
    assert dict(panel.params) == {"live": False, "number": 1, "choice": 1}
    panel.params = {"choice": 2}
    assert panel.choice.value == 2
    assert "choice" in panel.params
    assert len(panel.params) == 3


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("choice", 3, "there is: 1, 2"), ("number", "many", "number='many'"), ("nothing", 1, "it has: live, number")],
)
def test_what_can_not_be_set_is_refused_in_words(client: Any, name: str, value: Any, words: str) -> None:
    panel = Counter(client)
    with pytest.raises(InvalidInput, match=words):
        panel.params[name] = value
    assert dict(panel.params) == {"live": False, "number": 1, "choice": 1}


def test_a_control_stays() -> None:
    panel = Counter(createos_nb.simulate())
    with pytest.raises(InvalidInput):
        del panel.params["number"]


def test_a_list_that_is_drawn_anew_calls_nothing(client: Any) -> None:
    panel = Counter(client)
    with panel._view.without_callbacks():
        panel.number.value = 7
    assert panel.wait(10)
    assert panel.reads == 0
    panel.number.value = 8
    assert panel.wait(10)
    assert panel.reads == 1


# --- how it shows itself ----------------------------------------------------------------------------------------------


def test_repr_is_one_stable_line(client: Any) -> None:
    panel = Counter(client)
    before = repr(panel)
    panel.run()
    assert repr(panel) == before == "<createos_nb panel: counter of reads>"


def test_where_no_widgets_are_there_is_a_static_table_of_the_last_state(client: Any) -> None:
    panel = Counter(client)
    assert "Nothing was read yet" in panel._repr_mimebundle_()["text/html"]
    panel.run()
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"] == repr(panel)
    assert ">1</td>" in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "Simulator" in bundle["text/html"]


def test_where_one_is_stands_in_the_head(client: Any) -> None:
    panel = Counter(client)
    assert ">Simulator · storefront</span>" in panel._view.header.value
    assert "account marlow" in panel._view.header.value
    assert "UTC" not in panel._view.header.value  # nothing was read yet
    panel.run()
    assert "read 09:00:00 UTC" in panel._view.header.value


def test_a_served_world_is_a_simulator_and_the_platform_is_its_account(client: Any) -> None:
    with serve(client.world) as found, Client(api_key=client.world.key, base_url=found.url) as over_http:
        panel = Panel(over_http)
        panel._view.build()
        first = panel._view.header.value  # nothing has answered yet
        over_http.whoami()
        panel._view.render_header()
        shown = panel._view.header.value
    assert ">Simulator</span>" in shown
    assert "PLATFORM" not in first + shown
    platform = unreachable(client.clock)
    panel = Panel(platform)
    panel._view.build()
    assert ">account not asked yet</span>" in panel._view.header.value


def test_a_wait_tells_what_how_many_and_how_long(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    view, now = Panel(client)._view, [100.0]
    monkeypatch.setattr("createos_nb.panels.view.time.monotonic", lambda: now[0])
    view.show_wait("Reading traffic")
    now[0] += 2.1
    view.show_wait("Reading traffic", "7 of 11 environments")
    assert "Reading traffic: 7 of 11 environments" in view.status.value
    assert "--cn-since:-2.1s" in view.status.value  # the page goes on counting from there
    view.show_wait("Reading versions")
    assert "--cn-since:-0.0s" in view.status.value
    view.set_status("")
    assert view.status.value == ""


def test_text_is_text() -> None:
    shown = markup.text(HOSTILE)
    assert "<img" not in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "$" not in markup.label(HOSTILE)
    table = markup.table(pd.DataFrame({HOSTILE: [HOSTILE]}), HOSTILE)
    assert "<img" not in table
    assert "\x1b" not in table


def test_a_hostile_subject_and_error_are_text(client: Any) -> None:
    panel = Panel(client, HOSTILE)
    panel._view.build()
    panel._view.show_error(NotFound(HOSTILE))
    assert "<img" not in panel.static()
    assert "\u202e" not in panel.static()
