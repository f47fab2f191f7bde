"""How long steps usually take: what journals of this account have measured, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb import runbooks
from createos_nb.plans.usual_times import usual_times


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path))
    return createos_nb.simulate()


def scaled(client: Any, replicas: int, environment: str = "staging", project: str = "storefront") -> Any:
    plan = runbooks.scale(client, project, environment, replicas=replicas)
    return plan.apply(confirm=plan.confirmation, reason="a test")


def of_next(client: Any, environment: str = "staging", project: str = "storefront") -> Any:
    plan = runbooks.scale(client, project, environment, replicas=3)
    return usual_times(client, plan.steps)[0]


def test_without_an_earlier_run_it_is_what_the_step_expects(client: Any) -> None:
    plan = runbooks.scale(client, "storefront", "staging", replicas=3)
    assert of_next(client) == (plan.steps[0].usual_seconds(), 0)


def test_earlier_runs_of_the_environment_come_before_those_of_the_project(client: Any) -> None:
    took = scaled(client, 2).frame()["seconds"].iloc[0]
    assert of_next(client) == (pytest.approx(took, abs=1), 1)
    elsewhere = of_next(client, "development")
    assert elsewhere.runs == 1  # of the project
    assert of_next(client, "production", "orders-api").runs == 0
    scaled(client, 2, "development")
    assert of_next(client, "development").runs == 1
    assert of_next(client).runs == 1


def test_runs_of_another_world_say_nothing(client: Any) -> None:
    scaled(client, 2)
    assert of_next(createos_nb.simulate(seed=5)).runs == 0


def test_what_was_interrupted_or_edited_says_nothing(client: Any) -> None:
    receipt = scaled(client, 2)
    path = Path(receipt.journal)
    whole = path.read_text()
    path.write_text(whole.replace("a test", "another"))
    assert of_next(client).runs == 0
    path.write_text("no journal\n")
    assert of_next(client).runs == 0
    path.write_text(whole)
    assert of_next(client).runs == 1


def test_the_time_until_somebody_resumes_a_run_is_not_that_of_its_step(client: Any) -> None:
    import threading

    plan = runbooks.scale(client, "storefront", "staging", replicas=2)
    stop = threading.Event()
    with pytest.raises(createos_nb.plans.Cancelled):
        plan.apply(
            confirm=plan.confirmation,
            reason="a test",
            cancel=stop,
            on_event=lambda event: stop.set() if event.phase == "waiting" else None,
        )
    client.clock.sleep(3600)
    [path] = Path(createos_nb.plans.default_folder()).glob("*.jsonl")
    resumed = createos_nb.plans.resume(path, client)
    assert resumed.frame()["result"].tolist() == ["PASS"]
    assert of_next(client).runs == 0
    scaled(client, 1)
    assert of_next(client).seconds < 60


def test_it_asks_for_nothing(client: Any) -> None:
    scaled(client, 2)
    plan = runbooks.scale(client, "storefront", "staging", replicas=3)
    before = len(client.log())
    assert usual_times(client, plan.steps)[0].runs == 1
    assert len(client.log()) == before
