"""Wrong names say which ones are near, patterns of branches warn, and a followed log shows where it was cut."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb.client.follow import Alignment
from createos_nb.errors import IncompleteWarning, InvalidInput, PatternWarning


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda c: c.environment, AttributeError, "did you mean environments"),
        (lambda c: c.deployments.lst, AttributeError, r"client\.deployments has no call \'lst\'; did you mean list"),
        (lambda c: c.deployments.list("a", limt=1), TypeError, "did you mean limit"),
        (lambda c: c.call("ListProject"), InvalidInput, "did you mean ListProjects"),
        (lambda c: c.call("ListProjects", limt=1), InvalidInput, "did you mean limit"),
        (lambda c: createos_nb.columns("deployment.list"), InvalidInput, r"did you mean deployments\.list"),
        (lambda c: createos_nb.columns(""), InvalidInput, "there is no call"),
        (lambda c: createos_nb.simulate("storefrnt"), InvalidInput, "did you mean storefront"),
    ],
)
def test_a_wrong_name_says_what_is_near(call: Any, kind: type[Exception], words: str, wire: Any) -> None:
    client, seen = wire.client(wire.ok([]))
    with pytest.raises(kind, match=words):
        call(client)
    assert not seen


def test_a_pattern_of_branches_warns_whichever_way_it_is_set(wire: Any) -> None:
    client, seen = wire.client(wire.ok("done"))
    with pytest.warns(PatternWarning, match=r"feature/\*.*whole names"):
        client.projects.update_settings(wire.uuid(1), ignore_branches=["main", "feature/*"])
    with pytest.warns(PatternWarning, match=r"feature/\*"):
        client.call("UpdateProjectSettings", project_id=wire.uuid(1), ignore_branches=["feature/*"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.projects.update_settings(wire.uuid(1), ignore_branches=["main", "feature/gift-cards"])
    assert len(seen) == 3


def test_a_read_that_was_cut_before_the_last_one_is_a_gap() -> None:
    alignment = Alignment(60)
    alignment.add([], -60, 0)
    burst = [(9.0, "a"), (9.5, "b")]
    assert alignment.add(burst, -5, 10, cut=True).gap
    whole = Alignment(60)
    whole.add([], -60, 0)
    assert not whole.add(burst, -5, 10).gap


def test_the_window_of_a_log_begins_at_any_time(wire: Any) -> None:
    client, seen = wire.client(wire.ok("line"))
    for start in ("-25h", wire.NOW - 90_000, pd.Timestamp(wire.NOW - 90_000, unit="s", tz="UTC"), "-1500min"):
        with pytest.warns(IncompleteWarning, match="1d1h were requested"):
            client.environments.logs(wire.uuid(1), wire.uuid(2), start=start)
    assert {one.url.params["since-seconds"] for one in seen} == {"90000"}
