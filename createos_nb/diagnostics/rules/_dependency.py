"""What an app asks, and does not get an answer from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.log_signals import Signal
from createos_nb.diagnostics.evidence.neighbors import Neighbor
from createos_nb.diagnostics.rules._support import failures, is_new

#: Below this share of failing requests a name in the log explains nothing.
_FAILING = 0.02
#: Projects that begin to fail within so long of one another begin together.
TOGETHER = pd.Timedelta("3min")


@dataclass(frozen=True)
class Dependency:
    """A host or service that the log names in most failures.

    Attributes:
        signal: the lines.
        share: of the failures in the log since the errors began, 0 to 1.
        new: whether it is named more often than before; None if the log does not reach back.
        inside: the environment of the account that is asked under this name; None if it is none.
    """

    signal: Signal
    share: float
    new: bool | None
    inside: Neighbor | None

    @property
    def text(self) -> str:
        """Return what the log says, and how often."""
        said = f'the log says "{self.signal.example[:160]}" {self.signal.count:,} times'
        return f"{said}: {math.floor(100 * self.share)} % of the failures"


def dependency(evidence: Evidence) -> Dependency | None:
    """Return the host or service that fails, None where the failures name none, or are none."""
    if (
        evidence.environment is None
        or evidence.requests.is_refusing
        or (evidence.requests.trouble is None and evidence.requests.failing < 0.02)
    ):
        return None
    signals = [signal for signal in evidence.signals.of("dependency") if signal.detail]
    if not signals:
        return None
    signal = signals[0]
    share = signal.count / max(failures(evidence), 1)
    new = is_new(evidence, "dependency", signal.detail)
    if share < 0.2 or signal.count < 3 or new is False:
        return None
    return Dependency(signal, share, new, evidence.neighbors.asked_as(signal.detail))
