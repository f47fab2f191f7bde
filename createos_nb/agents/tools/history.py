"""The account's history, queried with SQL, where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.agents.answer import Answer
from createos_nb.agents.context import ToolContext
from createos_nb.agents.tool import tool
from createos_nb.errors import InvalidInput
from createos_nb.history.engines import sql as answer_query

if TYPE_CHECKING:
    import duckdb


@tool(offered=lambda context: context.history is not None)
def sql(context: ToolContext, query: str, offset: int = 0) -> Answer:
    """Query the history of the account with one SELECT, as DuckDB reads it; SHOW TABLES lists the tables.

    Args:
        context: what tools share.
        query: a SELECT, SHOW or DESCRIBE; no other files than those of the history are read, and none is written.
        offset: rows to leave out.

    Returns:
        the rows of the result.
    """
    if context.history is None:
        raise InvalidInput("there is no history of this account here: createos-nb sync begins one")
    with context.history.connection() as connection:
        _only_selects(connection, query)
        folder = str(context.history.folder.absolute()).replace("'", "''")
        # an agent's query is nobody's own: without this, SQL reads any file of the machine
        connection.execute(f"SET allowed_directories = ['{folder}']")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return Answer(frame=answer_query(connection, query))


def _only_selects(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    import duckdb

    try:
        statements = connection.extract_statements(query)
    except duckdb.Error as error:
        raise InvalidInput(f"sql: {error}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise InvalidInput("sql: one SELECT, SHOW or DESCRIBE is answered, and nothing else")
