"""Every fault, for reads and writes through the client: the right value or error, no hang, no doubled write."""

from __future__ import annotations

import warnings
from typing import Any, get_args

import pytest

import createos_nb
from createos_nb import errors
from createos_nb.data_files import folder
from createos_nb.http.retry import RetryPolicy
from createos_nb.simulator import open_world, serve
from createos_nb.simulator.world.faults import FaultKind
from createos_nb.simulator.world.moving_rows import PAGED
from tests.simulator.world import fault_table
from tests.simulator.world.fault_table import CASES, NAME, Case, Outcome, markdown, outcomes

#: What a write may end in, by the fault that it met last.
RIGHT: dict[str, type[errors.RequestError]] = {
    "latency": errors.RequestTimeout,
    "rate-limit": errors.RateLimited,
    "quota": errors.QuotaExceeded,
    "error": errors.ServerError,
    "refused": errors.Unreachable,
    "drop-before": errors.Unreachable,
    "drop-after": errors.Unreachable,
    "cut": errors.InvalidResponse,
    "failure-200": errors.Invalid,
}
APPLIED = {"latency", "drop-after", "cut"}
"""After these the write has been applied, although its answer did not come."""


@pytest.fixture(scope="module")
def table() -> list[tuple[Case, Outcome, Outcome]]:
    return outcomes()


def test_every_class_of_faults_is_in_the_table() -> None:
    assert {fault.what for case in CASES for fault in case.faults} == set(get_args(FaultKind))


def test_the_page_is_what_comes_of_them(table: Any) -> None:
    path = folder("data") / fault_table.FILE
    assert path.read_text(encoding="utf-8") == markdown(table), (
        "run python tests/simulator/world/fault_table.py --write"
    )


def test_a_read_gives_the_value_of_a_sound_world_or_an_error_of_a_request(table: Any) -> None:
    for case, read, _ in table:
        assert (read.error is None) == read.right, case.title
        # What strikes once or twice is got over, unless waiting is no use.
        passing = all(fault.count in (1, 2) for fault in case.faults)
        hopeless = {"failure-200"} & {fault.what for fault in case.faults} or "900" in case.title
        if passing and not hopeless:
            assert read.right, case.title


def test_a_write_is_applied_once_or_not_at_all_and_never_where_the_error_says_not(table: Any) -> None:
    for case, _, write in table:
        assert write.applied <= 1, case.title
        if write.error is None:
            assert write.right, case.title
            assert write.applied == 1, case.title
        elif write.error.applied is False:
            assert write.applied == 0, case.title
        else:
            assert write.error.applied is None, case.title
            assert "client.apps.list()" in write.error.hint, case.title


def test_the_error_of_a_write_is_that_of_its_fault(table: Any) -> None:
    for case, _, write in table:
        if write.error is None or len(case.faults) != 1:
            continue
        what = case.faults[0].what
        kind = RIGHT.get(what) or (errors.InvalidResponse if case.faults[0].status == 200 else errors.ServerError)
        assert type(write.error) is kind, case.title
        assert write.applied == (what in APPLIED), case.title


def test_nothing_hangs(table: Any) -> None:
    for case, *both in table:
        for one in both:
            assert one.waited <= 300 + 60, case.title
            assert one.requests <= 60, case.title


@pytest.mark.grid(12)
@pytest.mark.filterwarnings("ignore::createos_nb.errors.RateLimitWarning")  # real seconds pass between retries
@pytest.mark.parametrize(
    "case",
    [
        c
        for c in CASES
        if {f.what for f in c.faults} <= {"error", "drop-before", "drop-after", "cut", "html", "failure-200", "quota"}
    ],
    ids=lambda case: case.title,
)
def test_over_real_connections_it_is_the_same(case: Case, table: Any) -> None:
    # Only where nobody listens is a connection refused; a server that is there breaks it.
    _, read, write = next(row for row in table if row[0] is case)
    world = open_world("storefront", seed=7)
    policy = RetryPolicy(base=1e-4, longest=1e-3)
    with serve(world, speed=0) as served, createos_nb.connect(api_key=served.key, base_url=served.url) as client:
        client.transport.retry = policy
        sound = client.apps.list()
        for one, call in (
            (read, lambda: client.apps.list().equals(sound)),
            (write, lambda: bool(client.apps.create(name=NAME)["id"])),
        ):
            running = world.faults(*case.faults, seed=7).start() if case.faults else None
            try:
                got = "the value" if call() else "another value"
            except errors.RequestError as error:
                got = type(error).__name__
            finally:
                if running is not None:
                    running.stop()
            assert got == one.got
        assert sum(app.name == NAME for app in world.state.apps.values()) == write.applied


# --- rows that move, in every list that comes page by page ------------------------------------------------------------

LISTS: dict[str, Any] = {
    "ListDeployments": lambda c, w: c.deployments.list("storefront"),
    "ListGithubRepositoryBranches": lambda c, w: c.github.branches(51830274, repository="juniper-goods/storefront"),
    "ListMyProjectTemplates": lambda c, w: c.templates.list_my(),
    "ListProjectTemplatePurchases": lambda c, w: c.templates.purchases(),
    "ListProjects": lambda c, w: c.projects.list(),
    "ListProjectsByApp": lambda c, w: c.apps.projects(next(iter(w.state.apps))),
    "ListPublishedProjectTemplates": lambda c, w: c.templates.list_published(),
    "ListServicesByApp": lambda c, w: c.apps.services(next(iter(w.state.apps))),
}


def grown(world: Any) -> None:
    """Rows enough for three pages of every list, made by what makes them move."""
    from createos_nb.simulator.world.moving_rows import _MOVES

    user = next(iter(world.state.users))
    project = next(one.id for one in world.state.projects.values() if one.name == "storefront")
    ids = {
        "ListDeployments": (project,),
        "ListGithubRepositoryBranches": ("51830274",),
        "ListProjectsByApp": (next(iter(world.state.apps)),),
        "ListServicesByApp": (next(iter(world.state.apps)),),
    }
    for name, move in _MOVES.items():
        for _ in range(250 if name == "ListGithubRepositoryBranches" else 130 if "Purchases" in name else 50):
            move(world, user, ids.get(name, ()), {"repository": ["juniper-goods/storefront"]}, True)


@pytest.mark.grid(4)
@pytest.mark.parametrize("name", sorted(LISTS))
def test_every_list_is_whole_while_its_rows_move_or_says_that_it_may_not_be(name: str) -> None:
    assert set(LISTS) == PAGED
    world = open_world("storefront")
    grown(world)
    client = createos_nb.simulate(world)
    key = "name" if name == "ListGithubRepositoryBranches" else "id"
    before = LISTS[name](client, world)
    assert len(before) > 45
    counter = world.state.counter
    with world.faults(what="moving-rows", seed=3) as faults, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = LISTS[name](client, world)
    assert faults.injected[0] > 0
    after = LISTS[name](client, world)
    # One that arrived may have gone again.
    assert world.state.counter > counter or len(after) != len(before)
    assert found[key].is_unique
    if name == "ListGithubRepositoryBranches":
        # Sorted by name and without a total: nothing shows that none jumped over the place where it was being read.
        assert not found.attrs["complete"]
        assert [one.category for one in said] == [errors.IncompleteWarning]
        return
    assert not said
    throughout = before[key][before[key].isin(after[key])]
    assert set(throughout) <= set(found[key])
