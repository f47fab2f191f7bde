"""A step knows all about itself, and a new one is a new class."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Mapping
from typing import Any

import pytest

from createos_nb.plans.context import Run
from createos_nb.plans.snapshot import Snapshot
from createos_nb.plans.steps.base import Step, Target
from createos_nb.plans.steps.registry import rows_of, step_types, steps_from, tag_of

#: Tags that journals hold already: to rename one would make them unreadable. A new kind need not be added here.
KEPT = {
    "assign",
    "create environment",
    "delete app",
    "delete cron job",
    "delete deployment",
    "delete domain",
    "delete environment",
    "delete project",
    "delete template",
    "deploy branch",
    "deploy image",
    "offer transfer",
    "probe",
    "redeploy",
    "revoke key",
    "route",
    "scale",
    "set variables",
    "take over",
    "update environment",
    "upload",
    "wake",
    "watch",
}


def test_every_kind_of_step_that_a_journal_holds_is_found() -> None:
    assert {tag_of(kind) for kind in step_types()} >= KEPT


def test_what_kinds_of_steps_share_is_no_kind_of_its_own() -> None:
    assert not [kind for kind in step_types() if inspect.isabstract(kind) or kind.__name__.startswith("_")]


@pytest.mark.parametrize("kind", step_types(), ids=tag_of)
def test_every_kind_of_step_has_a_tag(kind: type[Step]) -> None:
    assert tag_of(kind) != kind.__name__, f'class {kind.__name__}(…, tag="…"): its name in journals, which stays'


def test_what_kinds_share_need_not_be_abstract() -> None:
    class Base(Step, kw_only=True):
        @property
        def what(self) -> str:
            return "nothing"

        def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
            return {}

        def write(self, run: Run) -> None:
            return None

    class Kind(Base, kw_only=True, tag="kind in a test"):
        pass

    found = step_types()
    assert Kind in found
    assert Base not in found
    del Base, Kind, found
    gc.collect()


def test_a_new_kind_of_step_is_read_from_a_journal_without_a_list_to_edit() -> None:
    class Restart(Step, kw_only=True, tag="restart in a test"):
        @property
        def what(self) -> str:
            return "restart"

        def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
            return {}

        def write(self, run: Run) -> None:
            return None

    step = Restart(target=Target(project="p", project_name="shop"))
    assert steps_from(rows_of([step])) == [step]
    del Restart, step
    gc.collect()


def test_a_step_without_its_parts_can_not_be_made() -> None:
    class Half(Step, kw_only=True, tag="half in a test"):
        @property
        def what(self) -> str:
            return "half"

    with pytest.raises(TypeError, match="abstract"):
        Half(target=Target(project="p", project_name="shop"))  # type: ignore[abstract]
    assert Half not in step_types()
