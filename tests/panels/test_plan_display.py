"""How plans are shown while they are applied: steps with states, and the build log."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb import panels
from createos_nb.panels.plan_display import Progress, sign, words
from createos_nb.plans import Event


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
    assert "●" in panel.form.progress.steps.value
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


def test_a_long_log_keeps_its_end() -> None:
    progress = Progress()
    progress.begin(["build"])
    for number in range(60):
        progress.update(Event(1, 1, "build", "waiting", "", 1.0, tuple(f"line {number}-{n}" for n in range(10))))
    assert len(progress.log) == 500
    assert progress.log[-1] == "line 59-9"
    assert "line 0-0" not in progress.lines.value


@pytest.mark.parametrize(
    ("phase", "text", "mark", "said"),
    [
        ("", "", "○", "pending"),
        ("waiting", "v4 building", "◔", "v4 building"),
        ("writing", "", "◔", "writing"),
        ("done", "", "●", "done"),
        ("failed", "no answer", "✕", "failed, no answer"),
        ("cancelled", "", "–", "cancelled"),
    ],
)
def test_a_state_is_a_sign_and_words(phase: str, text: str, mark: str, said: str) -> None:
    assert (sign(phase), words(phase, text)) == (mark, said)
