"""The guard against one noisy client or path, and the verdict on a single path."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.statistics import verdict_log
from createos_nb.analysis import FrameError, release_verdict

START = pd.Timestamp("2026-03-02T10:00Z")


def side(errors_by_path, *, asked=200):
    """A requests frame and its top error paths, from errors by path and minute."""
    table = pd.DataFrame({name: np.asarray(values) for name, values in errors_by_path.items()})
    index = pd.date_range(START, periods=len(table), freq="1min", unit="us", name="time")
    total = table.sum(axis=1).to_numpy()
    columns = {"count": asked, "status_2xx": asked - total, "status_3xx": 0, "status_4xx": 0, "status_5xx": total}
    paths = table.set_axis(index).melt(ignore_index=False, var_name="path", value_name="count").reset_index()
    paths = paths[paths["count"] > 0].assign(status="500").sort_values(["time", "count"], ascending=[True, False])
    return pd.DataFrame(columns, index=index).astype("Int64"), paths.reset_index(drop=True)


def spread(seed, rate, paths=8, length=60):
    """Errors on many paths alike."""
    rng = np.random.default_rng(seed)
    return {f"/page/{number}": rng.poisson(rate / paths, length) for number in range(paths)}


@pytest.fixture(scope="module")
def noisy():
    """Alike but for one client, sent to the candidate, that asks for one missing file three times a minute."""
    old = side(spread(1, 1.0) | {"/missing.jar": np.zeros(60, int)})
    new = side(spread(2, 1.0) | {"/missing.jar": np.random.default_rng(3).poisson(3.0, 60)})
    return old, new


def test_without_paths_the_guard_is_off_and_says_so(noisy):
    (old, _), (new, _) = noisy
    found = release_verdict(old, new)
    assert not found.guard.on
    assert not found.guard
    assert found.guard.left_out is None
    assert "off" in found.guard.sentence
    assert found.decision == "rollback", "this is what the guard is for"
    assert not len(found.single_path)


def test_one_noisy_path_does_not_roll_back(noisy):
    (old, old_paths), (new, new_paths) = noisy
    found = release_verdict(old, new, old_paths=old_paths, new_paths=new_paths)
    assert found.decision in {"keep watching", "not enough traffic"}
    assert found.guard.on
    assert found.guard.left_out == "/missing.jar"
    assert found.guard.paths.loc["/missing.jar", "evidence"] < 100
    assert found.low < 1
    assert found.ratio < 2, "the ratio is that without the path"


def test_one_noisy_path_is_pointed_at_and_holds_the_promotion(noisy):
    (old, old_paths), (new, new_paths) = noisy
    found = release_verdict(old, new, old_paths=old_paths, new_paths=new_paths)
    assert list(found.single_path.index[found.single_path["regressed"]]) == ["/missing.jar"]
    assert found.single_path.loc["/missing.jar", "since"] >= START
    assert found.single_path["since"].dtype == "datetime64[us, UTC]"
    assert "/missing.jar" in found.sentence
    assert "not promoted meanwhile" in found.sentence
    assert "/missing.jar" in repr(found)
    assert "/missing.jar" in found._repr_html_()


def test_a_regression_on_all_paths_is_rolled_back_through_the_guard():
    (old, old_paths), (new, new_paths) = side(spread(4, 1.0)), side(spread(5, 5.0))
    found = release_verdict(old, new, old_paths=old_paths, new_paths=new_paths)
    assert found.decision == "rollback"
    unguarded = release_verdict(old, new)
    assert found.decided_at >= unguarded.decided_at
    assert found.decided_at <= unguarded.decided_at + pd.Timedelta(minutes=10)


def test_a_path_that_is_most_of_the_traffic_is_no_single_client():
    """An API has one endpoint: where a tenth of all requests fail there, leaving it out would leave nothing."""
    (old, old_paths), (new, new_paths) = (side({"/graphql": np.full(30, failed)}) for failed in (0, 30))
    found = release_verdict(old, new, old_paths=old_paths, new_paths=new_paths)
    assert found.decision == "rollback"
    assert found.guard.left_out is None
    assert found.low > 1


def test_the_path_of_most_errors_of_both_sides_is_no_single_client():
    (old, old_paths), (new, new_paths) = (side({"/graphql": np.full(60, failed)}) for failed in (1, 8))
    found = release_verdict(old, new, old_paths=old_paths, new_paths=new_paths)
    assert found.decision == "rollback"
    assert found.guard.left_out is None


def test_rows_without_a_path_are_passed_over(noisy):
    (old, old_paths), (new, new_paths) = noisy
    holed = pd.concat([new_paths, new_paths.head(3).assign(path=None)], ignore_index=True)
    found = release_verdict(old, new, old_paths=old_paths, new_paths=holed)
    assert found.guard.left_out == "/missing.jar"


def test_what_one_client_may_do_is_pointed_at_without_numbers_that_mislead():
    old, new = side({"/graphql": np.zeros(60, int)}, asked=600), side({"/graphql": np.full(60, 8)}, asked=600)
    found = release_verdict(old[0], new[0], old_paths=old[1], new_paths=new[1])
    assert found.decision in {"keep watching", "not enough traffic"}
    assert "no errors in baseline or candidate but for those of /graphql" in found.sentence
    assert "Look at /graphql" in found.sentence
    strict = release_verdict(old[0], new[0], old_paths=old[1], new_paths=new[1], client_share=0.005)
    assert strict.decision == "rollback"


def dead(asked=600, length=60):
    """An endpoint with 3 % of the traffic fails wholly on the candidate."""
    rng = np.random.default_rng(12)
    old = side(spread(11, asked * 0.005, length=length), asked=asked)
    new = side(spread(13, asked * 0.005, length=length) | {"/pay": rng.poisson(asked * 0.03, length)}, asked=asked)
    index = old[0].index
    hits = [
        pd.concat([pd.DataFrame({"time": index, "path": path, "count": round(asked * part)}) for path, part in parts])
        for parts in ((("/pay", 0.03), ("/", 0.6)), (("/pay", 0.03), ("/", 0.6)))
    ]
    return old, new, hits


def test_a_dead_endpoint_is_rolled_back_with_paths_as_without_them():
    (old, old_paths), (new, new_paths), hits = dead()
    plain = release_verdict(old, new)
    guarded = release_verdict(old, new, old_paths=old_paths, new_paths=new_paths)
    known = release_verdict(old, new, old_paths=old_paths, new_paths=new_paths, old_hits=hits[0], new_hits=hits[1])
    assert plain.decision == guarded.decision == known.decision == "rollback"
    assert guarded.decided_at <= plain.decided_at + pd.Timedelta(minutes=10)
    assert known.decided_at <= guarded.decided_at
    assert known.reason == "path"
    assert "the candidate's /pay fails" in known.sentence


def test_a_file_that_one_side_alone_was_asked_for_says_nothing(noisy):
    (old, old_paths), (new, new_paths) = noisy
    hits = [pd.DataFrame({"path": ["/", "/missing.jar"], "count": [9_000, count]}) for count in (0, 180)]
    found = release_verdict(old, new, old_paths=old_paths, new_paths=new_paths, old_hits=hits[0], new_hits=hits[1])
    assert found.decision != "rollback"
    assert not found.single_path.loc["/missing.jar", "regressed"]


def test_nothing_is_promoted_before_it_was_asked_for_each_main_path():
    (old, old_paths), (new, new_paths) = (side(spread(seed, 6.0, length=120), asked=1200) for seed in (6, 7))
    both, one = (pd.DataFrame({"path": ["/", "/buy"], "count": [90_000, count]}) for count in (30_000, 0))
    paths = {"old_paths": old_paths, "new_paths": new_paths}
    assert release_verdict(old, new, **paths, old_hits=both, new_hits=both).decision == "promote"
    assert release_verdict(old, new, **paths, old_hits=both, new_hits=one).decision == "keep watching"


def test_requests_of_paths_are_needed_of_both_sides_and_beside_their_errors(noisy):
    (old, old_paths), (new, new_paths) = noisy
    hits = pd.DataFrame({"path": ["/"], "count": [100]})
    with pytest.raises(FrameError, match="new_hits is missing"):
        release_verdict(old, new, old_paths=old_paths, new_paths=new_paths, old_hits=hits)
    with pytest.raises(FrameError, match="old_paths and new_paths are missing"):
        release_verdict(old, new, old_hits=hits, new_hits=hits)


def test_healthy_sides_with_paths_are_promoted():
    (old, old_paths), (new, new_paths) = (side(spread(seed, 6.0, length=120), asked=1200) for seed in (6, 7))
    found = release_verdict(old, new, old_paths=old_paths, new_paths=new_paths)
    assert found.decision == "promote"
    assert not found.single_path["regressed"].any()


def test_a_noisy_path_on_the_old_side_does_not_promote():
    """Twice as bad but for a client that makes the baseline look worse still."""
    jar = {"/missing.jar": np.random.default_rng(8).poisson(18.0, 60)}
    old = side(spread(9, 3.0) | jar, asked=600)
    new = side(spread(10, 6.0) | {"/missing.jar": np.zeros(60, int)}, asked=600)
    assert release_verdict(old[0], new[0]).decision == "promote"
    found = release_verdict(old[0], new[0], old_paths=old[1], new_paths=new[1])
    assert found.decision != "promote"


def test_later_paths_change_no_earlier_decision(noisy):
    (old, old_paths), (new, new_paths) = noisy
    whole = release_verdict(old, new, old_paths=old_paths, new_paths=new_paths).path
    for length in (5, 12, 33):
        until = old.index[length - 1]
        paths = (one[one["time"] <= until] for one in (old_paths, new_paths))
        part = release_verdict(
            old.iloc[:length], new.iloc[:length], **dict(zip(("old_paths", "new_paths"), paths, strict=True))
        )
        assert list(part.path["decision"]) == list(whole["decision"].iloc[:length])
        assert part.path["evidence"].to_numpy() == pytest.approx(whole["evidence"].to_numpy()[:length], rel=1e-9)


def test_paths_of_one_window_without_times_serve_too(noisy):
    (old, old_paths), (new, new_paths) = noisy
    totals = [one.groupby(["path", "status"], as_index=False)["count"].sum() for one in (old_paths, new_paths)]
    found = release_verdict(old, new, old_paths=totals[0], new_paths=totals[1])
    assert found.guard.left_out == "/missing.jar"
    assert found.decision != "rollback"


def test_times_in_the_index_serve_as_a_column_does(noisy):
    (old, old_paths), (new, new_paths) = noisy
    found = [
        release_verdict(old, new, old_paths=a, new_paths=b).evidence
        for a, b in ((old_paths, new_paths), (old_paths.set_index("time"), new_paths.set_index("time")))
    ]
    assert found[0] == pytest.approx(found[1])


def test_sides_without_error_paths_keep_the_guard_on():
    old, new = side(spread(1, 0.0)), side(spread(2, 0.0))
    found = release_verdict(old[0], new[0], old_paths=old[1], new_paths=new[1])
    assert found.guard.on
    assert not len(found.guard.paths)
    assert found.guard.sentence.startswith("on")


def test_client_and_server_errors_of_a_path_are_weighed_apart():
    (old, old_paths), (new, new_paths) = side(spread(1, 1.0)), side(spread(2, 1.0) | {"/gone": np.full(60, 2)})
    new_paths = new_paths.assign(status=np.where(new_paths["path"] == "/gone", "404", "500"))
    new["status_4xx"], new["status_5xx"] = new["status_4xx"] + 2, new["status_5xx"] - 2
    found = release_verdict(old, new, old_paths=old_paths, new_paths=new_paths)
    assert found.guard.paths.loc["/gone", "errors"] == "4xx"
    assert found.decision != "rollback"
    # client errors have a tenth of α where server errors are watched, too, and one path may be one client
    shared, alone = (release_verdict(old, new, **asked) for asked in ({}, {"errors": "4xx"}))
    assert shared.decision == alone.decision == "rollback"
    assert alone.decided_at < shared.decided_at
    guarded = release_verdict(old, new, old_paths=old_paths, new_paths=new_paths, errors="4xx")
    assert guarded.decision != "rollback"
    assert list(guarded.single_path.index[guarded.single_path["regressed"]]) == ["/gone"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda one: one.drop(columns="status"), "no column 'status'"),
        (lambda one: one.assign(count=-1), "counts errors"),
        (lambda one: one.assign(time="yesterday"), "column 'time' of new_paths"),
        (lambda one: one.assign(count="many"), "column 'count' of new_paths"),
        (lambda one: list(one["path"]), "must be a DataFrame"),
    ],
)
def test_wrong_paths_are_refused_by_name(noisy, change, named):
    (old, old_paths), (new, new_paths) = noisy
    with pytest.raises(FrameError, match=named):
        release_verdict(old, new, old_paths=old_paths, new_paths=change(new_paths))


def test_paths_of_one_side_alone_are_refused(noisy):
    (old, old_paths), (new, _) = noisy
    with pytest.raises(FrameError, match="new_paths is missing"):
        release_verdict(old, new, old_paths=old_paths)


def test_a_path_from_the_network_is_escaped(noisy):
    (old, old_paths), (new, new_paths) = noisy
    odd = "/<script>alert(1)</script>"
    renamed = [one.replace({"path": {"/missing.jar": odd}}) for one in (old_paths, new_paths)]
    found = release_verdict(old, new, old_paths=renamed[0], new_paths=renamed[1])
    assert odd in found.sentence
    assert "<script>" not in found._repr_html_()


def deals(log, number, seed):
    rng = np.random.default_rng(seed)
    for _ in range(number):
        new = verdict_log.deal(log, rng)
        yield new, verdict_log.regressed(log, new, rng)


@pytest.mark.slow
def test_clients_dealt_to_two_sides_are_not_rolled_back_with_the_guard():
    log = verdict_log.made_up()
    found = [verdict_log.judged(log, new) for new, _ in deals(log, 15, 17)]
    assert sum(without == "rollback" for without, _, _ in found) >= 1, "the log would be too easy"
    assert sum(guarded == "rollback" for _, guarded, _ in found) <= 1


def test_a_regression_among_those_clients_is_found():
    log = verdict_log.made_up()
    found = [verdict_log.judged(worse, new)[1] for new, worse in deals(log, 8, 18)]
    assert sum(guarded == "rollback" for guarded in found) >= 6


def combined(log):
    """The requests of a log as a server writes them, in the order of their hours, in Combined format."""
    for row, at in enumerate(np.argsort(log.hour, kind="stable")):
        stamp = (START + pd.Timedelta(hours=int(log.hour[at]), seconds=row % 3600)).strftime("%d/%b/%Y:%H:%M:%S +0000")
        client = f"10.0.{log.client[at] // 250}.{log.client[at] % 250 + 1}"
        asked, status = f"GET {log.names[log.path[at]]} HTTP/1.1", 404 if log.failed[at] else 200
        yield f'{client} - - [{stamp}] "{asked}" {status} 512 "-" "Mozilla/5.0 (X11; Linux x86_64)"\n'


@pytest.mark.slow
def test_a_log_from_a_file_is_judged_as_what_it_was_written_of(tmp_path):
    log = verdict_log.made_up()
    path = tmp_path / "access.log.gz"
    path.write_bytes(gzip.compress("".join(combined(log)).encode()))
    found = verdict_log.read(path)
    assert found.hours == log.hours
    assert sorted(zip(found.hour, np.take(found.names, found.path), found.failed, strict=True)) == sorted(
        zip(log.hour, np.take(log.names, log.path), log.failed, strict=True)
    )
    alike = [verdict_log.judged(found, new)[1] for new, _ in deals(found, 6, 19)]
    worse = [verdict_log.judged(worse, new)[1] for new, worse in deals(found, 6, 20)]
    assert sum(one == "rollback" for one in alike) <= 1
    assert sum(one == "rollback" for one in worse) >= 4


def test_the_made_up_log_has_one_client_that_makes_a_quarter_of_the_errors():
    log = verdict_log.made_up()
    by_client = np.bincount(log.client[log.failed])
    assert 0.15 < by_client.max() / log.failed.sum() < 0.4
    assert 0.01 < log.failed.mean() < 0.04
    worse = verdict_log.regressed(log, log.client % 2 == 0, np.random.default_rng(1))
    new = log.client % 2 == 0
    assert worse.failed[new].sum() == pytest.approx(5 * log.failed[new].sum(), rel=0.2)
    assert not (replace(worse, failed=log.failed).failed != log.failed).any()
