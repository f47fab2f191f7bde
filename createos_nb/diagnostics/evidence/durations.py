"""How long requests take, by the access lines of a log: the platform's figures do not say."""

from __future__ import annotations

import math
import re
from typing import Final

import pandas as pd

_LINE: Final = re.compile(
    r"\b(?:GET|POST|PUT|PATCH|DELETE)\b[ |\"]+(?P<path>/[^\s\"?]*)[^\n]*?\b(?:in )?(?P<ms>\d+(?:\.\d+)?) ?ms\b"
)
_BEFORE: Final = re.compile(
    r"(?P<ms>\d+(?:\.\d+)?) ?ms\b[^\n]*?\b(?:GET|POST|PUT|PATCH|DELETE)\b[ |\"]+(?P<path>/[^\s\"?|]*)"
)
_SECONDS: Final = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE) (?P<path>/[^\s\"?]*)[^\n]* (?P<s>\d+\.\d{3,})$")
#: A path counts where so many of its requests are known on both sides.
_EACH: Final = 10
_LEAST: Final = 60


def durations(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the durations that access lines tell.

    Args:
        lines: A frame of `time` and `text`.

    Returns:
        `path` and `ms` (float64); empty where the lines tell none.
    """
    rows: list[tuple[str, float]] = []
    for text in lines["text"].fillna("").astype(str):
        if "gateway:" in text:
            continue
        match = _LINE.search(text) or _BEFORE.search(text)
        if match is not None:
            rows.append((match["path"], float(match["ms"])))
        elif (match := _SECONDS.search(text)) is not None:
            rows.append((match["path"], 1000 * float(match["s"])))
    return pd.DataFrame(rows, columns=["path", "ms"]).astype({"ms": "float64"})


def slowdown(before: pd.DataFrame, after: pd.DataFrame) -> tuple[float, float, int] | None:
    """Return how many times as long requests take, over the paths that both logs have.

    Args:
        before: Durations of the version before.
        after: Durations of the live one.

    Returns:
        The factor (the geometric mean over the paths of the ratio of medians, by requests), the share of those requests
        whose path takes longer, and how many requests were compared; None where too few can be.
    """
    sides = {"before": before, "after": after}
    both = pd.concat(
        [frame.groupby("path")["ms"].agg(["median", "size"]).add_suffix(f"_{name}") for name, frame in sides.items()],
        axis="columns",
        join="inner",
    )
    both = both[(both["size_before"] >= _EACH) & (both["size_after"] >= _EACH)]
    both = both[(both["median_before"] > 0) & (both["median_after"] > 0)]
    total = int(both["size_after"].sum())
    if total < _LEAST:
        return None
    logs = (both["median_after"] / both["median_before"]).map(math.log)
    factor = math.exp(float((logs * both["size_after"]).sum()) / total)
    return factor, float(both.loc[logs > 0, "size_after"].sum()) / total, total
