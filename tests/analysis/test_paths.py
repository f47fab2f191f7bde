"""Ten rows are a window on the paths, not all of them, and the tables say what they do not know."""

from __future__ import annotations

import pandas as pd
import pytest

from createos_nb import analysis
from createos_nb.dtypes import TEXT


def hits(*rows):
    return pd.DataFrame(rows, columns=["path", "count"]).astype({"path": TEXT, "count": "Int64"})


def errors(*rows):
    return pd.DataFrame(rows, columns=["path", "status", "count"]).astype(
        {"path": "str", "status": "str", "count": "Int64"}
    )


def test_hits_and_errors_meet_on_the_path():
    found = analysis.paths(hits(("/a", 100), ("/b", 50)), errors(("/a", "500", 5), ("/a", "404", 3))).set_index("path")
    assert found.loc["/a", ["errors", "server_errors", "client_errors"]].tolist() == [8, 5, 3]
    assert found.loc["/a", "error_percentage"] == pytest.approx(8.0)


def test_a_short_list_of_errors_proves_that_the_others_have_none():
    found = analysis.paths(hits(("/a", 100), ("/b", 50)), errors(("/a", "500", 5))).set_index("path")
    assert found.loc["/b", "errors"] == 0
    assert found.loc["/b", "error_percentage"] == 0


def test_a_full_list_leaves_the_others_unknown_up_to_its_last_row():
    full = errors(*((f"/e{i}", "500", 20 - i) for i in range(10)))
    found = analysis.paths(hits(("/b", 50)), full).set_index("path")
    assert found.loc["/b", "errors"] is pd.NA
    assert found.loc["/b", "errors_at_most"] == 11


def test_a_path_that_is_only_among_the_errors_has_unknown_hits():
    found = analysis.paths(hits(("/a", 100)), errors(("/z", "502", 9))).set_index("path")
    assert found.loc["/z", "count"] is pd.NA
    assert found.loc["/z", "errors"] == 9


def test_without_errors_nothing_is_said_about_them():
    assert analysis.paths(hits(("/a", 100)))["errors"].isna().all()


def test_shares_are_of_all_requests(made):
    found = analysis.paths(hits(("/a", 25)), total=made([50, 50]))
    assert found["share_percentage"].tolist() == [25.0]


def test_environments_of_a_fleet_keep_their_own_paths():
    both = pd.concat(
        [hits(("/a", 10)).assign(project="p", environment="x"), hits(("/a", 30)).assign(project="p", environment="y")]
    )
    found = analysis.paths(both, total=None)
    assert found[["environment", "count"]].values.tolist() == [["x", 10], ["y", 30]]


def test_empty_lists_keep_their_columns():
    full, none = analysis.paths(hits(("/a", 1)), errors(("/a", "500", 1))), analysis.paths(hits(), errors())
    assert list(none.columns) == list(full.columns)
    assert none.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()


def test_a_list_without_its_column_is_refused():
    with pytest.raises(analysis.FrameError, match="errors has no column 'status'"):
        analysis.paths(hits(("/a", 1)), hits(("/a", 1)))


def test_the_distribution_of_status_codes_adds_up_to_all():
    codes = pd.DataFrame({"status": ["200", "404", "500"], "count": [90, 8, 2]})
    found = analysis.distribution(codes)
    assert found["share_percentage"].sum() == pytest.approx(100)
    assert found["meaning"].tolist() == ["fulfilled", "client error", "server error"]
    assert ((found["low"] <= found["share_percentage"]) & (found["share_percentage"] <= found["high"])).all()


def test_the_distribution_of_a_requests_frame_is_by_class(made):
    found = analysis.distribution(made([100], errors=[10], status_4xx=[20], every="1h").pipe(_told)).set_index("status")
    assert found["count"].to_dict() == {"2xx": 70, "3xx": 0, "4xx": 20, "5xx": 10}


def _told(frame):
    frame.attrs["bucket_seconds"] = 3600
    return frame


def test_without_data_the_classes_have_no_count_and_without_requests_it_is_zero(made, as_fleet):
    idle = made([0, 0, 0])
    unseen = idle.mask(idle == 0)
    assert analysis.distribution(unseen)["count"].isna().all()
    assert (analysis.distribution(idle)["count"] == 0).all()
    both = analysis.distribution(as_fleet({("a", "p"): idle, ("b", "p"): unseen}))
    assert both["count"].isna().tolist() == [False] * 4 + [True] * 4


def test_a_count_that_is_missing_is_not_zero():
    unknown = hits(("/a", pd.NA), ("/b", 5))
    assert analysis.paths(unknown)["count"].tolist() == [5, pd.NA]
    spread = analysis.distribution(pd.DataFrame({"status": ["200", "500"], "count": pd.array([7, pd.NA], "Int64")}))
    assert spread["count"].tolist() == [7, pd.NA]
    assert spread["share_percentage"].iloc[0] == 100


def test_a_list_without_a_name_or_of_another_kind_is_refused():
    with pytest.raises(analysis.FrameError, match="hits must be a DataFrame, not NoneType"):
        analysis.paths(None)
    with pytest.raises(analysis.FrameError, match="column 'path' of hits is missing at row 1"):
        analysis.paths(pd.DataFrame({"path": ["/a", None], "count": [1, 2]}))
    fleet = errors(("/a", "500", 5)).assign(project="shop", environment="production")
    with pytest.raises(analysis.FrameError, match="errors are a fleet's, but hits have no columns"):
        analysis.paths(hits(("/a", 100)), fleet)
