"""Many releases at once: which of them are worse, with a bound on the share of those that are named wrongly.

Each verdict errs with α. Of a hundred healthy releases a week one is then blamed, and where few are bad it may be one
of two that are named. The e-Benjamini-Hochberg procedure (Wang and Ramdas 2022, JRSS B 84, arXiv 2009.02824) bounds the
expected share of false discoveries by q, however the releases depend on each other: with the evidence sorted, the
largest k releases are named for which the k-th evidence is at least n / (k q). Evidence of an e-process stays an
e-value at whatever time it was looked at or stopped, so verdicts of different ages go together.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.decision import DOWN, ROLLBACK
from createos_nb.analysis.releases.result import ReleaseVerdict
from createos_nb.dtypes import TEXT


def release_discoveries(verdicts: Mapping[str, ReleaseVerdict], *, rate: float = 0.05) -> pd.DataFrame:
    """Return which of many releases are worse than what they replace, with a bound over all of them together.

    The evidence is the smaller of both parts of each verdict, so that the bound holds where errors are independent
    given the rates, and as far as the model of noise does elsewhere. A side that is down has its own rule, which the
    bound does not cover: those are in `attrs["down"]`.

    Args:
        verdicts: what `analysis.release_verdict` returned, by a name such as "storefront / production".
        rate: the expected share of healthy releases among those named, at most; 0 to 1.

    Returns:
        A frame indexed by `release`, the strongest evidence first: `decision` (that of the single verdict), `reason`,
        `ratio`, `evidence`, `needed` (what it would take at its rank), and `worse` (named by evidence, bool).

    Raises:
        ValueError: `rate` is no share.

    Examples:
        >>> times = pd.date_range("2026-03-02 09:00", periods=30, freq="1min", tz="UTC", name="time")
        >>> old = pd.DataFrame({"count": 200, "status_4xx": 2, "status_5xx": 1}, index=times)
        >>> judge = createos_nb.analysis.release_verdict
        >>> found = {"shop": judge(old, old.assign(status_5xx=9)), "api": judge(old, old)}
        >>> createos_nb.analysis.release_discoveries(found)["worse"].to_dict()
        {'shop': True, 'api': False}
    """
    if isinstance(rate, bool) or not 0 < rate < 1:
        raise ValueError(f"rate must lie between 0 and 1, not {rate!r}")
    names = list(verdicts)
    evidence = np.array([min(verdicts[name].evidence, verdicts[name].evidence_exact) for name in names])
    order = np.argsort(-evidence, kind="stable")
    needed = len(names) / (np.arange(1, len(names) + 1) * rate)
    passed = np.flatnonzero(evidence[order] >= needed)
    count = int(passed[-1]) + 1 if len(passed) else 0
    ranked = [verdicts[names[at]] for at in order]
    frame = pd.DataFrame(
        {
            "decision": pd.array([one.decision for one in ranked], dtype=TEXT),
            "reason": pd.array([one.reason for one in ranked], dtype=TEXT),
            "ratio": np.array([one.ratio for one in ranked], dtype=np.float64),
            "evidence": evidence[order],
            "needed": needed,
            "worse": np.arange(len(names)) < count,
        },
        index=pd.Index([names[at] for at in order], name="release", dtype=TEXT),
    )
    frame.attrs["rate"] = rate
    frame.attrs["down"] = [name for name, one in verdicts.items() if one.decision == ROLLBACK and one.reason == DOWN]
    return frame
