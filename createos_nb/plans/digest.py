"""Digests: of a plan, and of the intent behind it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from createos_nb.plans.snapshot import Snapshot
    from createos_nb.plans.steps.base import Step


def digest_of(steps: Iterable[Step], snapshot: Snapshot) -> str:
    """Return a hash of the steps, their targets and what they rest on: the same until any of it changes.

    Lower-case hexadecimal. No time, no age and no figure of traffic is in it.
    """
    return digest([[*step.identity(), step.rests_on(snapshot)] for step in steps])


def intent_of(runbook: str, arguments: Mapping[str, Any], where: str) -> str:
    """Return a hash of a runbook, its arguments and the account: the same when a notebook is run again."""
    return digest([runbook, dict(arguments), where])


def digest(content: Any) -> str:
    """Return twelve hexadecimal digits that identify any JSON."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=6).hexdigest()
