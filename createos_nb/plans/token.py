"""What identifies a plan, and what identifies the wish behind it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from createos_nb.plans.present import Present
    from createos_nb.plans.steps.step import Step


def token_of(steps: Iterable[Step], present: Present) -> str:
    """A hash of the steps, their targets and what they rest on: the same as long as the world is.

    Lower-case hexadecimal. No time, no age and no figure of traffic is in it.
    """
    return digest([[*one.identity(), one.rests_on(present)] for one in steps])


def intent_of(runbook: str, arguments: Mapping[str, Any], where: str) -> str:
    """A hash of what was asked for, of whom and where: the same when a notebook is run again, whatever was done."""
    return digest([runbook, dict(arguments), where])


def digest(content: Any) -> str:
    """Twelve hexadecimal digits of any JSON."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=6).hexdigest()
