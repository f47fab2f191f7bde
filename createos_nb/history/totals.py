"""Sums of requests that a history has of each environment, made by DuckDB: no bucket is held in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from createos_nb.client.memory import Totals

if TYPE_CHECKING:
    import duckdb

#: Of each environment the last stretch that is known, up to its newest bucket.
_QUERY: Final = """
    WITH known AS (
        SELECT environment_id, epoch(time) AS begin, seconds, "count", status_5xx
        FROM files_of_requests WHERE epoch(time) >= $now - 2 * $length AND epoch(time) + seconds <= $now
    ), newest AS (SELECT environment_id, max(begin + seconds) AS until FROM known GROUP BY environment_id)
    SELECT environment_id, sum("count"), sum(status_5xx), sum(seconds), any_value(until)
    FROM known JOIN newest USING (environment_id) WHERE begin >= until - $length GROUP BY environment_id
"""


def totals(connection: duckdb.DuckDBPyConnection, now: int, length: int) -> dict[str, Totals]:
    """Return requests and 5xx of each environment in the last seconds that are known of it.

    Args:
        connection: Of the history, as `engines.connection` makes it.
        now: The present, Unix seconds.
        length: How many seconds.

    Returns:
        By the id of the environment.
    """
    rows = connection.execute(_QUERY, {"now": now, "length": length}).fetchall()
    return {str(id): Totals(*(int(value or 0) for value in values)) for id, *values in rows}
