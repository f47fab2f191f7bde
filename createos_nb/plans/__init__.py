"""Acting safely: plans, receipts, and a journal of what was done.

A runbook (`createos_nb.runbooks`) makes a `Plan` by reading only. `plan.apply()` applies it and returns a `Receipt`;
the `Journal` on the disk lets an interrupted run be resumed with `resume`.
"""

from __future__ import annotations

from createos_nb.plans.apply import receipt_from
from createos_nb.plans.errors import (
    AlreadyApplied,
    ConfirmationNeeded,
    JournalBusy,
    JournalError,
    PlanError,
    PreconditionFailed,
    ReasonNeeded,
    StalePlanError,
)
from createos_nb.plans.events import Cancel, Event
from createos_nb.plans.freeze import freeze, freezes, lift_freeze
from createos_nb.plans.journal import Journal
from createos_nb.plans.journal_assignments import assignments
from createos_nb.plans.journal_files import default_folder
from createos_nb.plans.plan import Plan, Receipt
from createos_nb.plans.resume import Resumption, resume, resumption
from createos_nb.plans.runs import runs
from createos_nb.plans.step_failed import (
    Cancelled,
    CheckFailed,
    MissingInput,
    NoData,
    StepFailed,
    TakesTooLong,
    Unsettled,
)

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
    "StalePlanError",
    "StepFailed",
    "TakesTooLong",
    "Unsettled",
    "assignments",
    "default_folder",
    "freeze",
    "freezes",
    "lift_freeze",
    "receipt_from",
    "resume",
    "resumption",
    "runs",
]
