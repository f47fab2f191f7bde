"""Every notebook that acts, by the shipped command: on its own world, and live, with its confirmation."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.live import ACTING, PAGES, SPEED, quickly, served

#: Versions that the served world has, see `live`.
GIVEN = {"41_blue_green": ["-p", "version=19"], "43_canary": ["-p", "version=20"]}
#: In real time nobody waits for minutes. Where so short a watch gives too few figures, that has to be said.
SHORT = {"41_blue_green": ["-p", "requests=25", "-p", "seconds=20"], "43_canary": ["-p", "stages=[(25, 20.0)]"]}
#: Their environments are busy enough for a verdict within seconds.
ENOUGH = {"41_blue_green", "44_scale", "32_first_deployment", "50_recipes"}
#: What they change serves nobody yet: no confirmation is asked for.
UNASKED = {"32_first_deployment", "50_recipes"}
#: What can't be undone is confirmed by a name, which no command repeats.
TYPED = {"49_clean_up": "storefront", "51_transfer_and_apps": "landing-pages"}


# nbval runs each of them cell by cell, and compares what it shows
@pytest.mark.parametrize("name", quickly(ACTING, "42_rollback"))
def test_on_its_own_world_it_ends_with_pass(name: str, run: Callable[..., Any]) -> None:
    found = run(name)
    assert found.code == 0, found.err
    assert "s: PASS: " in found.out


@pytest.mark.parametrize(
    "name",
    quickly(ACTING, "32_first_deployment"),
)
def test_live_it_is_confirmed_and_says_what_came_of_it(
    name: str, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEW_VALUE", "an0ther-v4lue")
    more = [] if SPEED >= 60 or name in UNASKED else ["-p", "watch_seconds=5", *SHORT.get(name, [])]
    with served(PAGES[name].parameters["world"].default) as place:
        monkeypatch.setenv("CREATEOS_API_URL", place.url)
        monkeypatch.setenv("CREATEOS_API_KEY", place.key)
        found = run(name, "--live", *GIVEN.get(name, []), *more)
        if name not in UNASKED:
            assert found.code == 4, found.out[-2000:] + found.err
            [line] = re.findall(r"^ *(createos-nb run .*)$", found.out, re.MULTILINE)
            found = run(*shlex.split(line.replace("…", TYPED.get(name, "…")))[2:])
    if SPEED >= 60:
        assert found.code == 0, found.out[-3000:] + found.err
        assert "s: PASS: " in found.out
    else:
        code, word = (0, "PASS") if name in ENOUGH else (6, "NO DATA")
        assert found.code == code, found.out[-3000:] + found.err
        assert f"s: {word}: " in found.out
