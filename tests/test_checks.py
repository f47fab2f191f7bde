"""Checks: three results, and none of them by default."""

from __future__ import annotations

import pandas as pd
import pytest

from createos_nb.checks import MIME, Check, Checks, at_most, check, complete, equal


@pytest.mark.parametrize(
    ("results", "whole"),
    [
        ([], "NO DATA"),
        (["PASS"], "PASS"),
        (["PASS", "NO DATA"], "NO DATA"),
        (["NO DATA", "FAIL", "PASS"], "FAIL"),
    ],
)
def test_the_worst_decides_and_nothing_checked_is_no_pass(results: list[str], whole: str) -> None:
    found = Checks([Check(f"claim {number}", one) for number, one in enumerate(results)])  # type: ignore[arg-type]
    assert (found.result, found.passed) == (whole, whole == "PASS")
    assert found.frame().attrs["result"] == whole
    assert repr(found).startswith(whole)
    assert found._repr_mimebundle_()[MIME]["result"] == whole


def test_what_is_not_known_never_passes() -> None:
    for one in (
        check("a", None),
        check("b", pd.NA),
        check("c", float("nan")),
        equal("d", pd.NA, 3),
        equal("e", None, None),
        equal("f", 3, None),
        at_most("g", pd.NA, 5),
        complete("h"),
        complete("i", pd.DataFrame()),
    ):
        assert one.result == "NO DATA", one


def test_figures_and_thresholds_are_told() -> None:
    assert equal("replicas", 3, 3) == Check("replicas", "PASS", "3", "3")
    assert equal("replicas", 2, 3) == Check("replicas", "FAIL", "2", "3")
    assert at_most("errors", 1.25, 1, "%") == Check("errors", "FAIL", "1.25 %", "at most 1 %")
    assert at_most("errors", 0.5, 1, "%").result == "PASS"


def test_a_frame_that_lacks_something_fails_and_one_that_does_not_say_is_no_data() -> None:
    whole, cut, broken = pd.DataFrame(), pd.DataFrame(), pd.DataFrame()
    whole.attrs["complete"], cut.attrs["complete"] = True, False
    broken.attrs |= {"complete": True, "failed": [{"project": "a"}]}
    assert complete("all", whole, whole).result == "PASS"
    assert complete("all", whole, cut).result == "FAIL"
    assert complete("all", whole, broken).result == "FAIL"
    assert complete("all", whole, pd.DataFrame()).result == "NO DATA"


def test_checks_add_up_and_a_name_is_no_markup() -> None:
    found = Checks(check("a", True)) + check("<img src=x>", False, "<b>", "&") + Checks(check("c", None))
    assert [one.result for one in found] == ["PASS", "FAIL", "NO DATA"]
    shown = found._repr_html_()
    assert "<img" not in shown
    assert "&lt;img src=x&gt;" in shown
    assert found.sentence == "1 of 3 checks pass; <img src=x>: FAIL (<b>); c: NO DATA"
    assert len(found.others()) == 2
