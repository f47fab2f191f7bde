"""Acting safely: plans, receipts, and a journal of what was done.

A runbook (`createos_nb.runbooks`) makes a `Plan` by reading only. `plan.apply()` carries it out and gives a `Receipt`;
the `Journal` on the disk lets an interrupted run be taken up again with `resume`.
"""

from __future__ import annotations

from createos_nb.plans.errors import (
    AlreadyApplied,
    Cancelled,
    CheckFailed,
    ConfirmationNeeded,
    JournalBusy,
    JournalError,
    MissingInput,
    NoData,
    PlanError,
    PreconditionFailed,
    ReasonNeeded,
    StepFailed,
    TakesTooLong,
    Unsettled,
    WorldMoved,
)
from createos_nb.plans.event import Cancel, Event
from createos_nb.plans.journal import Journal, default_folder
from createos_nb.plans.plan import Plan
from createos_nb.plans.receipt import Receipt
from createos_nb.plans.resume import resume
from createos_nb.plans.resumption import Resumption, resumption
from createos_nb.plans.runs import runs

__all__ = [
    "AlreadyApplied",
    "Cancel",
    "Cancelled",
    "CheckFailed",
    "ConfirmationNeeded",
    "Event",
    "Journal",
    "JournalBusy",
    "JournalError",
    "MissingInput",
    "NoData",
    "Plan",
    "PlanError",
    "PreconditionFailed",
    "ReasonNeeded",
    "Receipt",
    "Resumption",
    "StepFailed",
    "TakesTooLong",
    "Unsettled",
    "WorldMoved",
    "default_folder",
    "resume",
    "resumption",
    "runs",
]
