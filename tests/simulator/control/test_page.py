"""What docs/steering.md tells a reader to type, on the world that it tells to serve."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from createos_nb.cli.app import make_app
from createos_nb.simulator import open_world, serve
from tests.simulator.control.conftest import Steered

PAGE = (Path(__file__).parents[3] / "docs" / "steering.md").read_text(encoding="utf-8")
LOG = b'192.0.2.7 - - [02/Mar/2026:08:00:00 +0000] "GET /a HTTP/1.1" 200 5\n'


@pytest.fixture
def world() -> Any:
    (line,) = re.findall(r"^\$ createos-nb (serve .*)$", PAGE, flags=re.MULTILINE)
    _, bound, _ = make_app().parse_args(shlex.split(line))
    options = bound.arguments
    assert options["control"]
    with serve(open_world(options["scenario"]), speed=options["speed"], control=True) as running:
        yield Steered(running)


def test_every_line_for_the_shell_works(world: Steered) -> None:
    files = {"access.log": LOG}
    lines = re.findall(r"^world (?!\(\))(.+)$", PAGE, flags=re.MULTILINE)
    assert len(lines) > 10
    for line in lines:
        method, path, *more = shlex.split(line, comments=True)
        content = None
        if "-d" in more:
            content = more[more.index("-d") + 1].encode()
        elif "--data-binary" in more:
            content = files[more[more.index("--data-binary") + 1].removeprefix("@")]
        answer = world.raw(method, path, content=content)
        assert answer.is_success, (line, answer.text)
        if "-o" in more:
            files[more[more.index("-o") + 1]] = answer.content
