"""The panel that scales, without a browser."""

from __future__ import annotations

import pytest

import createos_nb
from createos_nb import analysis
from createos_nb.errors import InvalidInput, ServerError
from createos_nb.panels.capacity_html import capacity_html
from createos_nb.panels.scale import ScalePanel
from createos_nb.plans import ConfirmationNeeded, ReasonNeeded
from createos_nb.simulator.http.server import serve
from tests.panels.robot import threads_left


def made(environment: str = "production") -> ScalePanel:
    return createos_nb.panels.scale(createos_nb.simulate(), "storefront", environment)


def test_it_shows_what_the_environment_has() -> None:
    panel = made()
    assert dict(panel.params) == {
        "reason": "",
        "confirm": "",
        "override_freeze": "",
        "replicas": 3,
        "cpu": 500,
        "memory": 1024,
    }


def test_run_scales_and_gives_the_receipt() -> None:
    panel = made()
    panel.params = {"replicas": 2, "reason": "the sale is over", "confirm": "production"}
    receipt = panel.run()
    assert receipt.finished
    assert receipt.reason == "the sale is over"
    assert panel.client.environments.get("storefront", "production")["resources_replicas"] == 2
    assert panel.params["confirm"] == ""  # typed for this plan alone


def test_only_what_was_moved_is_asked_for() -> None:
    panel = made()
    panel.params = {"replicas": 2, "reason": "r", "confirm": "production"}
    receipt = panel.run()
    plan = receipt.undo()
    assert set(plan.frame()["field"]) == {"replicas"}


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"replicas": 2}, ConfirmationNeeded),
        ({"replicas": 2, "confirm": "Production", "reason": "r"}, ConfirmationNeeded),
        ({"replicas": 2, "confirm": "production"}, ReasonNeeded),
        ({"replicas": 2, "confirm": "production", "reason": "  "}, ReasonNeeded),
        ({}, InvalidInput),
    ],
)
def test_nothing_is_written_without_the_name_and_a_reason(params: dict[str, object], error: type[Exception]) -> None:
    panel = made()
    panel.params = params
    with pytest.raises(error) as found:
        panel.run()
    assert panel.last_error is found.value
    assert panel.client.environments.get("storefront", "production")["resources_replicas"] == 3
    assert not (panel.client.log()["method"] != "GET").any()


@pytest.mark.parametrize(("name", "value"), [("replicas", 0), ("replicas", 4), ("cpu", 199), ("memory", 1025)])
def test_the_platforms_limits_are_the_sliders(name: str, value: int) -> None:
    panel = made()
    before = panel.params[name]
    with pytest.raises(InvalidInput, match="from "):
        panel.params[name] = value
    assert panel.params[name] == before


def test_an_unknown_parameter_lists_what_there_is() -> None:
    with pytest.raises(InvalidInput, match="replicas, cpu, memory"):
        made().params["replica"] = 2


def test_what_could_not_be_read_is_not_asked_for() -> None:
    """Sliders at their lowest place are no wish to have less."""
    client = createos_nb.simulate()
    with client.world.faults(what="error", status=500, operations=["ListProjectEnvironments"]):
        panel = createos_nb.panels.scale(client, "storefront", "production")
    assert isinstance(panel.last_error, ServerError)
    with pytest.raises(InvalidInput, match="could not be read"):
        panel.run()


def test_an_unknown_environment_is_said_in_the_panel() -> None:
    panel = createos_nb.panels.scale(createos_nb.simulate(), "storefront", "nowhere")
    assert "nowhere" in str(panel.last_error)
    assert "production" in panel.static()


def test_over_http_the_constructor_returns_before_anything_is_read() -> None:
    """On a clock that is real, reading and scaling go on beside the kernel, and closing ends all of it."""
    with serve(createos_nb.simulate().world, 0, 600.0) as served:
        client = createos_nb.connect(api_key=served.key, base_url=served.url)
        panel = createos_nb.panels.scale(client, "storefront", "staging")
        assert panel.wait(30)
        assert panel.params["replicas"] == 1
        panel.params["replicas"] = 2
        panel.review()
        assert panel.wait(30)
        panel.params = {"reason": "a test", "confirm": "staging"}
        panel.form.apply_button.click()
        panel.form.apply_button.click()  # the second press finds nothing to do
        assert panel.wait(60)
        assert panel.receipt is not None, panel.last_error
        assert panel.receipt.finished
        log = client.log()
        assert (log["method"] != "GET").sum() == 1
        assert panel.wait(30)
        panel.close()
        # while it is still served: a read that is under way ends first
        assert not threads_left()


def test_the_new_number_is_drawn_in_beside_the_load() -> None:
    """At once, without a request."""
    panel = made()
    requests = len(panel.client.log())
    shown = panel._demand.value
    assert ">now</span>" in shown
    assert "planned" not in shown.replace("createos-planned", "")
    assert "3 replicas have been shown to carry 122 requests/min: enough for 99 % of the time" in shown
    panel.params["replicas"] = 2
    shown = panel._demand.value
    assert ">planned</span>" in shown
    assert "2 replicas have been shown to carry 81 requests/min, less than the 1" in shown
    assert "createos-short" in shown
    assert "nothing is demonstrated" not in shown
    panel.params["cpu"] = 300
    assert "With other CPU or memory nothing is demonstrated" in panel._demand.value
    assert len(panel.client.log()) == requests


def test_the_button_says_what_it_scales_to() -> None:
    panel = made()
    for params, label in [
        ({"replicas": 1}, "Scale to 1 replica"),
        ({"replicas": 2, "memory": 600}, "Scale to 2 replicas, 600 MB memory"),
    ]:
        panel.params = params
        panel.review()
        assert panel.wait(30)
        assert panel.form.apply_button.description == label


def test_without_evidence_no_bar_is_drawn() -> None:
    nothing = float("nan")
    advice = analysis.ReplicasAdvice(1, 1, None, None, nothing, False, nothing, nothing, 0.999, 0.3, "")
    assert "No requests are known" in capacity_html(advice, 1, 2)
    advice = analysis.ReplicasAdvice(1, 1, None, None, nothing, False, 80.0, 100.0, 0.999, 0.3, "")
    assert "nothing is demonstrated" in capacity_html(advice, 1, 2)
    assert "createos-capacity-row" not in capacity_html(advice, 1, 2)
