"""A watch on a served world counts on its clock: at 60 times real time an hour is a minute."""

from __future__ import annotations

import threading
import time

import pytest

import createos_nb
from createos_nb.plans.context import Run
from createos_nb.plans.step_error import StepError
from createos_nb.plans.waiting import until
from createos_nb.runbooks import release_watch
from createos_nb.simulator import open_world, serve


def test_a_watch_takes_its_share_of_real_time_and_polls_no_more_often_than_is_sane() -> None:
    with (
        serve(open_world("storefront"), speed=60.0) as served,
        createos_nb.connect(api_key=served.key, base_url=served.url) as client,
    ):
        began = time.monotonic()
        watched = release_watch(client, "storefront", "production", timeout="2min", every="1s")
        took = time.monotonic() - began
    # 120 s of the world are two of ours; what is left is what the reads take
    assert 2.0 <= took < 20.0
    assert 1 <= len(watched.polls) <= 10
    assert (watched.polls.index.year == 2026).all()
    assert (watched.polls.index.month == 3).all()


@pytest.mark.parametrize("cancel", [None, threading.Event()])
def test_a_wait_ends_by_the_worlds_clock_with_few_polls(cancel: threading.Event | None) -> None:
    with (
        serve(open_world("storefront"), speed=600.0) as served,
        createos_nb.connect(api_key=served.key, base_url=served.url) as client,
    ):
        client.whoami()
        run, polls = Run(client, cancel=cancel), 0

        def ready() -> bool:
            nonlocal polls
            polls += 1
            return False

        began = time.monotonic()
        with pytest.raises(StepError, match="not done after 600 s"):
            until(run, "it", ready, 600.0)
        took = time.monotonic() - began
    assert 0.9 <= took < 6.0
    assert polls <= 6


def test_a_wait_ends_also_where_the_worlds_time_stands_still() -> None:
    with (
        serve(open_world("storefront"), speed=0.0) as served,
        createos_nb.connect(api_key=served.key, base_url=served.url) as client,
    ):
        client.whoami()
        began = time.monotonic()
        with pytest.raises(StepError):
            until(Run(client), "it", lambda: False, 1.0)
        assert 0.9 <= time.monotonic() - began < 6.0
