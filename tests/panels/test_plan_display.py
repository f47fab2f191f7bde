"""How plans are shown while they are applied: steps with states, and the build log."""

from __future__ import annotations

import re
from typing import Any

import pytest

import createos_nb
from createos_nb import panels, plans, runbooks
from createos_nb.panels.plan.display import duration, plan_html, receipt_html
from createos_nb.panels.plan.progress import Progress, sign, words
from createos_nb.plans import Event
from createos_nb.plans.events import LogLine
from createos_nb.plans.usual_times import UsualTime


def test_steps_and_build_log_are_shown_while_it_is_carried_out(client: Any) -> None:
    panel = panels.deploy(client, "storefront")
    panel.params["branch"] = "develop"
    client.world.push("storefront", "develop", message="Just now")
    seen: list[str] = []
    happened = panel.form.on_event

    def watched(event: Event) -> None:
        happened(event)
        seen.append(panel.form.progress.steps.value)

    panel.form.on_event = watched
    panel.review()
    assert panel.wait(30)
    panel.params = {"confirm": panel.form.confirmation.description.split()[1], "reason": "a test"}
    panel.run()
    assert any("building" in value for value in seen)
    assert "createos-step-running" in seen[0] or "createos-step-running" in seen[1]
    assert "createos-step-passed" in panel.form.progress.steps.value
    assert "createos-step-running" not in panel.form.progress.steps.value
    assert "done" in panel.form.progress.steps.value
    assert len(panel.form.progress.log) > 3
    assert 'role="log"' in panel.form.progress.lines.value


def test_log_lines_and_steps_are_text() -> None:
    progress = Progress()
    hostile = "<script>x</script>\x1b[31m"
    progress.begin([hostile])
    progress.update(Event(1, 1, hostile, "waiting", hostile, 1.0, (hostile,)))
    for value in (progress.steps.value, progress.lines.value):
        assert "<script" not in value
        assert "\x1b" not in value
        assert "&lt;script&gt;" in value


def test_a_later_step_that_fails_does_not_make_the_build_fail() -> None:
    progress = Progress()
    progress.begin(["build", "assign"])
    progress.update(
        Event(1, 2, "build", "waiting", "building", 1.0, ("npm ci", "ERROR: an optional package is missing"))
    )
    progress.update(Event(1, 2, "build", "done", "", 2.0))
    built = progress.lines.value
    progress.update(Event(2, 2, "assign", "failed", "refused", 3.0))
    assert progress.failure is None
    assert progress.lines.value == built
    progress.begin(["build"])
    progress.update(Event(1, 1, "build", "waiting", "building", 1.0, ("npm ci", "ERROR: package x was not found")))
    progress.update(Event(1, 1, "build", "failed", "", 2.0))
    assert progress.failure is not None
    assert progress.failure.line == "ERROR: package x was not found"


def test_a_long_log_keeps_its_end() -> None:
    progress = Progress()
    progress.begin(["build"])
    for number in range(60):
        progress.update(Event(1, 1, "build", "waiting", "", 1.0, tuple(f"line {number}-{n}" for n in range(10))))
    assert len(progress.log) == 500
    assert progress.log[-1].text == "line 59-9"
    assert "line 0-0" not in progress.lines.value
    assert "cut here: 100 older lines" in progress.lines.value


@pytest.mark.parametrize(
    ("phase", "text", "mark", "said"),
    [
        ("", "", "not reached", "to come"),
        ("waiting", "v4 building", "running", "v4 building"),
        ("writing", "", "running", "writing"),
        ("done", "", "passed", "done"),
        ("failed", "no answer", "failed", "failed, no answer"),
        ("cancelled", "", "skipped", "cancelled"),
    ],
)
def test_a_state_is_an_icon_and_words(phase: str, text: str, mark: str, said: str) -> None:
    assert (sign(phase), words(phase, text)) == (mark, said)


def text_of(markup: str) -> str:
    """What a person reads."""
    return " ".join(re.sub("<[^>]*>", " ", markup).replace("\xa0", " ").split())


def test_a_step_tells_how_long_it_takes_and_usually_takes() -> None:
    progress = Progress()
    progress.begin(["build", "assign"], [UsualTime(120.0, 5), UsualTime(10.0)])
    assert "usually 2 min" in text_of(progress.steps.value)
    assert "about 10 s" in text_of(progress.steps.value)  # it was never measured
    progress.update(Event(1, 2, "build", "writing", "", 3.0))
    progress.update(Event(1, 2, "build", "waiting", "building", 30.0))
    assert text_of(progress.steps.value).startswith("Step 1 of 2 · waiting: building · 27 s of 2 min usual")
    progress.update(Event(1, 2, "build", "waiting", "building", 110.0))
    assert "· 2 of 2 min usual" in text_of(progress.steps.value)
    progress.update(Event(1, 2, "build", "waiting", "building", 363.0))
    assert "· 6 min, usually 2 min" in text_of(progress.steps.value)
    progress.update(Event(1, 2, "build", "done", "", 63.0))
    assert ">60\xa0s<" in progress.steps.value
    assert text_of(progress.steps.value).startswith("1 of 2 steps done")
    progress.update(Event(2, 2, "assign", "waiting", "", 67.0))
    progress.update(Event(2, 2, "assign", "waiting", "promoting", 71.0))
    assert "Step 2 of 2 · waiting: promoting · 4 of 10 s expected" in text_of(progress.steps.value)


def test_what_is_not_known_is_not_told() -> None:
    progress = Progress()
    progress.begin(["build"])
    progress.update(Event(1, 1, "build", "waiting", "building", 0.0))
    progress.update(Event(1, 1, "build", "waiting", "building", 27.0))
    assert text_of(progress.steps.value) == "waiting: building · 27 s Build building 27 s"


@pytest.mark.parametrize("phase", ["failed", "stopped", "cancelled"])
def test_what_comes_after_a_failure_is_not_reached_and_no_work_to_come(phase: Any) -> None:
    progress = Progress()
    progress.begin(["build", "assign", "route"], [UsualTime(120.0, 5)] * 3)
    assert "to come" in text_of(progress.steps.value)
    log = (LogLine("building", "build"),)
    progress.update(Event(1, 3, "build", "waiting", "building", 30.0, log=("building",), lines=log))
    assert "going on" in progress.lines.value
    progress.update(Event(1, 3, "build", phase, "no such file", 35.0))
    assert "to come" not in progress.steps.value  # at once, and not only when the error has come up to the form
    progress.stop()
    shown = text_of(progress.steps.value)
    assert shown.startswith("0 of 3 steps done, 2 not reached")
    assert shown.endswith("Assign not reached Route not reached")
    assert "to come" not in shown
    assert progress.steps.value.count("createos-step-not-reached") == 2
    assert "createos-step-next" not in progress.steps.value
    assert "usually" not in shown
    assert "going on" not in progress.lines.value
    progress.begin(["build"])  # it is resumed
    assert "not reached" not in progress.steps.value


def test_a_run_that_fails_says_which_steps_were_not_reached() -> None:
    panel = panels.deploy(createos_nb.simulate("build-broken"), "storefront")
    panel.params["environment"] = "production"
    panel.review()
    assert panel.wait(30)
    panel.params = {"confirm": panel.form.confirmation.description.split()[1], "reason": "a test"}
    with pytest.raises(createos_nb.errors.CreateOSError):
        panel.run()
    shown = text_of(panel.form.progress.steps.value)
    assert shown.endswith("not reached")
    assert "1 not reached" in shown


def test_earlier_runs_say_how_long_a_step_usually_takes(client: Any) -> None:
    for replicas, word in ((2, "expected"), (3, "usual")):
        panel = panels.scale(client, "storefront", "staging")
        seen: list[str] = []

        def watched(_: Event, own: Any = panel, seen: list[str] = seen) -> None:
            seen.append(text_of(own.form.progress.steps.value))

        panel.form.on_event = watched
        panel.params = {"replicas": replicas, "reason": "a test", "confirm": "staging"}
        panel.run()
        assert any(f" s {word}" in shown for shown in seen), seen


def test_a_plan_is_a_short_list_and_its_details_are_folded(client: Any) -> None:
    shown = plan_html(runbooks.rollback(client, "orders-api", "production"))
    visible, _, folded = shown.partition("<details>")
    assert "Assign v3 to production" in visible
    assert "about 10\xa0s" in visible
    assert "no undo" in visible  # waking
    assert "digest" not in visible
    assert "digest" in folded
    assert "<h4>Impact</h4>" in folded
    assert "<h4>Warnings</h4>" in folded
    assert "plan.follow_up" not in shown  # a person has a button
    assert "the button “Plan: release” releases it" in shown


def test_what_only_code_can_call_is_not_told_to_a_person() -> None:
    client = createos_nb.simulate("build-broken")
    plan = runbooks.retry_failed(client, "storefront", 4)
    assert "runbooks." in "".join(plan.warnings)
    shown = plan_html(plan)
    assert "Fix what the build log says and deploy again" in shown
    assert "runbooks." not in shown


def test_what_is_to_be_held_against_the_plan_is_not_folded(client: Any) -> None:
    plans.freeze(client, until=None, reason="the sale", scope="storefront").apply()
    visible = plan_html(runbooks.scale(client, "storefront", "staging", replicas=2)).partition("<details>")[0]
    assert "Storefront is not frozen: fails" in visible


def test_a_receipt_shows_what_was_before_and_is_after(client: Any) -> None:
    plan = runbooks.scale(client, "storefront", "staging", replicas=2)
    shown = receipt_html(plan.apply(confirm=plan.digest, reason="the <sale>"), plan)
    assert "Receipt: scale storefront / staging" in shown
    assert 'replicas 1 <span aria-hidden="true">→</span>' in shown
    assert "<b>2</b>" in shown
    assert "PASS" in shown
    assert "Reason: the &lt;sale&gt;" in shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (12, "12 s"), (180, "3 min"), (3600, "60 min"), (7200, "2 h")]
)
def test_a_duration_has_one_unit(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown.replace(" ", "\xa0")
