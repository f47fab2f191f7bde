"""What docs/webhooks.md shows works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from createos_nb.cli.app import make_app
from createos_nb.simulator.settings import NAMES
from createos_nb.simulator.webhook_events import EVENTS

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


def test_its_examples_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "webhooks.md", "exec"), names)


def test_its_command_can_be_read() -> None:
    (line,) = re.findall(r"^createos-nb (listen .*)$", PAGE, re.MULTILINE)
    _, bound, _ = make_app().parse_args(line.split())
    assert bound.arguments["port"] == 8790


@pytest.mark.parametrize("name", re.findall(r"`((?:deployment|environment|domain|scan|api_key)\.\w+)`", PAGE))
def test_the_events_that_it_names_exist(name: str) -> None:
    assert name in EVENTS


def test_the_settings_that_it_names_exist() -> None:
    named = set(re.findall(r"`(webhook_\w+)`", PAGE))
    assert len(named) == 4
    assert named <= set(NAMES)
