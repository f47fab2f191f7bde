"""Requests that are known one by one count beside the generated ones."""

from __future__ import annotations

import threading

import pytest

from createos_nb.simulator.traffic import Cause, Profile, Recorded, Segment, Traffic


def test_a_recorded_request_counts_in_every_figure() -> None:
    plain = Traffic(1, "e", Profile(rpm=10), [Segment(start=0)])
    known = Recorded()
    known.add(90_500_000, "GET", "/only/here", 418, ms=7, size=3, client="192.0.2.7", agent="curl/8")
    both = Traffic(1, "e", Profile(rpm=10), [Segment(start=0)], recorded=known)
    assert both.totals(0, 600)["4xx"] == plain.totals(0, 600)["4xx"] + 1
    assert both.series(0, 600).total[1] == plain.series(0, 600).total[1] + 1
    assert both.statuses(90, 91)[418] == 1
    assert ("/only/here", 418, 1) in both.top_errors(90, 91)
    assert any("GET /only/here 418 7 ms - 3" in line.text for line in both.logs(90, 91))


def test_what_is_added_later_is_seen_and_stays_in_order() -> None:
    known = Recorded()
    for second in (5, 3, 9, 3):
        known.add(second * 1_000_000, "GET", f"/{second}", 200)
        assert len(known.events) == len(known)
    assert known.events.path == ["/3", "/3", "/5", "/9"]
    assert [e.path for e in (known.between(3, 5), known.between(5, 9), known.between(9, 10))] == [
        ["/3", "/3"],
        ["/5"],
        ["/9"],
    ]


def test_a_request_keeps_its_cause() -> None:
    known = Recorded()
    known.add(0, "GET", "/", 502, cause=Cause.DOWN)
    assert known.events.cells[0].cause is Cause.DOWN


@pytest.mark.parametrize("status", [0, 99, 600])
def test_a_status_that_is_none_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match="status is 100 to 599"):
        Recorded().add(0, "GET", "/", status)


def test_threads_may_add_while_others_read() -> None:
    known = Recorded()

    def add(worker: int) -> None:
        for i in range(400):
            known.add(i * 1_000_000, "GET", f"/{worker}", 200)
            if i % 20 == worker:
                assert len(known.events) > 0

    workers = [threading.Thread(target=add, args=(worker,)) for worker in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(known.events) == 2400
