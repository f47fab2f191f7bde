"""Which paths are asked for, which of them fail, and with which status codes.

The platform lists the ten most asked-for paths and the ten most frequent pairs of a path and an error status, no more.
So a path that is in one list and not in the other is not without hits or errors: its figure is unknown, up to the
smallest one listed, and the frames say so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.intervals import wilson, z_of
from createos_nb.analysis.resample import to_int64
from createos_nb.analysis.validation import COUNTS, STATUSES, Floats, FrameError, numbers, requests
from createos_nb.dtypes import TEXT

LISTED = 10
"""Rows in a full list of top paths; a shorter list holds everything."""

_KEYS = ["project", "environment"]


def paths(
    hits: pd.DataFrame,
    errors: pd.DataFrame | None = None,
    *,
    total: pd.DataFrame | float | None = None,
    listed: int = LISTED,
) -> pd.DataFrame:
    """Return hits and errors of each path side by side, most errors first, then most hits.

    A list shorter than `listed` rows is complete, so that absence from it means 0.

    Args:
        hits: top hit paths, with the columns `path`, `count`, and `project` and `environment` for a fleet.
        errors: top error paths, with the columns `path`, `status`, `count`, likewise.
        total: the number of all requests in the same window, or the requests over time that hold it; with it
            `share_percentage` is of all requests, without it NA.
        listed: rows in a full list.

    Returns:
        A frame with the columns `path` (str), `count` (requests, Int64, NA if the path is not among the listed),
        `share_percentage`, `errors` (the sum of the following), `client_errors` and `server_errors` (4xx and 5xx,
        Int64), `errors_at_most` (Int64: the sum, and one more status just below the end of a full list; NA without
        `errors`), `error_percentage` (errors / count, NaN where either is unknown).

    Raises:
        FrameError: a column is missing, holds negative counts or has gaps, or only the errors are a fleet's.

    Examples:
        >>> hits = pd.DataFrame({"path": ["/", "/cart"], "count": [900, 100]})
        >>> errors = pd.DataFrame({"path": ["/cart"], "status": [500], "count": [12]})
        >>> table = createos_nb.analysis.paths(hits, errors, total=1_000)
        >>> table[["path", "server_errors", "error_percentage"]].values.tolist()
        [['/cart', 12, 12.0], ['/', 0, 0.0]]
    """
    keys = _key_columns(hits)
    requested = _sum_by_key(_listing(hits, "hits", ["path"], keys), [*keys, "path"])
    if errors is not None:
        if _key_columns(errors) and not keys:
            raise FrameError("errors are a fleet's, but hits have no columns 'project' and 'environment'")
        failed = _listing(errors, "errors", ["path", "status"], keys)
        served = failed["status"].astype(TEXT).str.startswith("5")
        failed = failed.assign(
            server_errors=failed["count"].where(served, 0), client_errors=failed["count"].where(~served, 0)
        )
        by_path = failed.groupby([*keys, "path"], sort=False, as_index=False).agg(
            client_errors=("client_errors", "sum"), server_errors=("server_errors", "sum"), pairs=("status", "size")
        )
        joined = requested.merge(by_path, on=[*keys, "path"], how="outer", sort=False)
        joined = _with_bounds(joined, failed, keys, listed)
    else:
        unknown = pd.array([pd.NA] * len(requested), dtype="Int64")
        joined = requested.assign(client_errors=unknown, server_errors=unknown, errors_at_most=unknown)
    joined["errors"] = joined["client_errors"] + joined["server_errors"]
    of = _total(joined, total, keys)
    count = numbers(joined["count"], name="count")
    with np.errstate(divide="ignore", invalid="ignore"):
        joined["share_percentage"] = np.where(of > 0, 100 * count / of, np.nan)
        joined["error_percentage"] = np.where(
            count > 0, np.minimum(100 * numbers(joined["errors"], name="errors") / count, 100), np.nan
        )
    columns = [
        *keys, "path", "count", "share_percentage", "errors", "client_errors", "server_errors",
        "errors_at_most", "error_percentage",
    ]  # fmt: skip
    order = joined.assign(_errors=joined["errors"].fillna(0), _count=joined["count"].fillna(0))
    order = order.sort_values([*keys, "_errors", "_count", "path"], ascending=[*[True] * len(keys), False, False, True])
    return order[columns].reset_index(drop=True)


def distribution(frame: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the distribution of requests over status codes, or over status classes.

    Args:
        frame: a request distribution (columns `status`, `count`), or requests over time (then by class: 2xx, 3xx, 4xx,
            5xx, and `other` for what `count` holds beyond them). Either may be a fleet's.
        confidence: of the interval, between 0 and 1.

    Returns:
        A frame with the columns `status` (str), `meaning` (the class in words: "fulfilled" is 2xx alone, while a
        success is 2xx or 3xx), `count` (Int64, NA where the requests have no data), `share_percentage` (0 to 100, NaN
        without requests), `low`, `high`: Wilson's interval, as if requests were independent.

    Raises:
        FrameError: a column is missing, holds negative counts or has gaps.

    Examples:
        >>> codes = pd.DataFrame({"status": [200, 404, 500], "count": [950, 40, 10]})
        >>> table = createos_nb.analysis.distribution(codes)
        >>> table["meaning"].tolist(), table["share_percentage"].tolist()
        (['fulfilled', 'client error', 'server error'], [95.0, 4.0, 1.0])
    """
    if isinstance(frame, pd.DataFrame) and "status" in frame.columns and "count" in frame.columns:
        keys = _key_columns(frame)
        listing = _sum_by_key(_listing(frame, "frame", ["status"], keys), [*keys, "status"])
    else:
        listing, keys = _by_class(frame), []
        if "project" in listing.columns:
            keys = _KEYS
    count = numbers(listing["count"], name="count")
    if keys:
        total = numbers(listing.groupby(keys)["count"].transform("sum"), name="count")
    else:
        total = np.full(len(listing), np.nansum(count))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, count / total, np.nan)
    low, high = wilson(count, total, z_of(confidence))
    known = listing.assign(
        status=listing["status"].astype(TEXT),
        meaning=pd.array([_meaning(status) for status in listing["status"]], dtype=TEXT),
        share_percentage=100 * share,
        low=100 * np.minimum(low, share),
        high=100 * np.maximum(high, share),
    )
    return known[[*keys, "status", "meaning", "count", "share_percentage", "low", "high"]]


def _by_class(frame: pd.DataFrame) -> pd.DataFrame:
    counts = requests(frame, fleet=True)
    # missing is not zero: where there is no data at all, there is no count either
    has_data = np.isfinite(counts.count).any(axis=-1)
    totals = {
        column: np.where(has_data, np.nansum(counts.counts[column], axis=-1), np.nan).reshape(-1) for column in COUNTS
    }
    totals["other"] = totals["count"] - sum(totals[column] for column in STATUSES)
    kinds = [*STATUSES, *(["other"] if (totals["other"] > 0).any() else [])]
    environments = len(totals["count"])
    table = pd.DataFrame(
        {
            "status": pd.array([kind.removeprefix("status_") for kind in kinds] * environments, dtype=TEXT),
            "count": to_int64(np.stack([totals[kind] for kind in kinds], axis=-1)),
        }
    )
    if counts.environments is not None:
        for level in _KEYS:
            table.insert(0, level, counts.environments.get_level_values(level).repeat(len(kinds)))
        table = table[[*_KEYS, "status", "count"]]
    return table


def _listing(frame: pd.DataFrame, name: str, texts: list[str], keys: list[str]) -> pd.DataFrame:
    if not isinstance(frame, pd.DataFrame):
        raise FrameError(f"{name} must be a DataFrame, not {type(frame).__name__}")
    columns = [*keys, *texts, "count"]
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        have = ", ".join(map(str, frame.columns)) or "none"
        raise FrameError(f"{name} has no column {', '.join(map(repr, absent))} (its columns: {have})")
    values = numbers(frame["count"], name=f"column 'count' of {name}")
    if (values < 0).any():
        raise FrameError(f"column 'count' of {name} counts requests, but holds {values[values < 0][0]:g}")
    listing = (
        frame.reset_index()[columns] if "count" not in frame.index.names else frame[columns].reset_index(drop=True)
    )
    listing = listing.assign(count=to_int64(values))
    for text in texts:
        unnamed = listing[text].isna().to_numpy(dtype=np.bool_)
        if unnamed.any():
            raise FrameError(f"column {text!r} of {name} is missing at row {int(np.argmax(unnamed))}")
        listing[text] = listing[text].astype(TEXT)
    return listing


def _key_columns(frame: pd.DataFrame) -> list[str]:
    """The columns that say which environment of a fleet a row is about; none for a single one."""
    return [column for column in _KEYS if column in getattr(frame, "columns", ())]


def _sum_by_key(listing: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """One row a key; a count that is missing stays missing, unless another row has one."""
    return listing.groupby(keys, sort=False)["count"].sum(min_count=1).reset_index()


def _with_bounds(joined: pd.DataFrame, failed: pd.DataFrame, keys: list[str], listed: int) -> pd.DataFrame:
    """Zero where a short list proves it, NA where it does not, and how many errors a full list may hide."""
    if keys:
        of = joined.set_index(keys).index
        rows = failed.groupby(keys)["count"].agg(["size", "min"]).reindex(of)
        listed_errors = rows["size"].fillna(0).to_numpy(dtype=float)
        smallest = rows["min"].fillna(0).to_numpy(dtype=float)
    else:
        listed_errors = np.full(len(joined), float(len(failed)))
        smallest = np.full(len(joined), float(failed["count"].min()) if len(failed) else 0.0)
    unlisted = joined["pairs"].isna().to_numpy()
    complete = listed_errors < listed
    for column in ("client_errors", "server_errors"):
        values = joined[column].astype("Int64")
        joined[column] = values.mask(unlisted & complete, 0)
    known_errors = numbers(joined["client_errors"] + joined["server_errors"], name="errors")
    # one more pair of this path may stand just below the list; a path rarely fails with three statuses
    upper_bound = np.where(complete, known_errors, np.nan_to_num(known_errors) + smallest)
    upper_bound = np.fmin(upper_bound, np.where(joined["count"].isna(), np.inf, numbers(joined["count"], name="count")))
    upper_bound = np.fmax(upper_bound, np.nan_to_num(known_errors))
    joined["errors_at_most"] = pd.array(
        [pd.NA if np.isnan(value) else int(value) for value in upper_bound], dtype="Int64"
    )
    return joined


def _total(joined: pd.DataFrame, total: pd.DataFrame | float | None, keys: list[str]) -> Floats:
    if total is None:
        return np.full(len(joined), np.nan)
    if not isinstance(total, pd.DataFrame):
        return np.full(len(joined), float(total))
    counts = requests(total, name="total", columns=("count",), fleet=True)
    sums = np.nansum(counts.count, axis=-1)
    if counts.environments is None:
        return np.full(len(joined), float(sums))
    if not keys:
        raise FrameError("total is a fleet's, but the paths have no columns 'project' and 'environment'")
    known: dict[Any, float] = dict(zip(counts.environments, sums, strict=True))
    return np.array([known.get(key, np.nan) for key in joined[keys].itertuples(index=False, name=None)])


def _meaning(status: object) -> str:
    return {"1": "informational", "2": "fulfilled", "3": "redirection", "4": "client error", "5": "server error"}.get(
        str(status)[:1], "unknown"
    )
