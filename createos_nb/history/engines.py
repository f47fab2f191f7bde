"""The files of a history in engines that others make: DuckDB, Arrow, Polars, Dask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.errors import InvalidInput, MissingExtra
from createos_nb.history.datasets import DATASETS, schema
from createos_nb.history.errors import HistoryDamaged
from createos_nb.history.store import MEND

if TYPE_CHECKING:
    import duckdb

#: DuckDB's type of a sum of whole numbers, which pandas has none for.
_HUGE: Final = "HUGEINT"


def connection(files: Mapping[str, Sequence[Path]]) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection with a view for each dataset, by its name.

    Those with an id of a project or of an environment have `project` and `environment` in front, the newest names.

    Args:
        files: The files of each dataset.

    Raises:
        HistoryDamaged: A file is missing or is no Parquet.
    """
    import duckdb

    made = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "true"})
    made.execute("SET TimeZone = 'UTC'")
    for name in DATASETS:
        try:
            made.execute(f"CREATE VIEW {_own(name)} AS {_rows(name, files[name])}")
        except duckdb.Error as error:
            made.close()
            what = str(error).split("\n", 1)[0]
            raise HistoryDamaged(f"a file of {name} can't be read ({what}). {MEND}") from None
    for name in ("projects", "environments"):
        newest = f"SELECT id, arg_max(name, seen_at) AS name FROM {_own(name)} GROUP BY id"
        made.execute(f"CREATE VIEW names_of_{name} AS {newest}")
    for name in DATASETS:
        made.execute(f'CREATE VIEW "{name}" AS {_named(name)}')
    return made


def _own(name: str) -> str:
    return f'"files_of_{name}"'


def _rows(name: str, files: Sequence[Path]) -> str:
    if files:
        paths = ", ".join("'" + str(path.absolute()).replace("'", "''") + "'" for path in files)
        return f"SELECT * FROM read_parquet([{paths}], hive_partitioning=false)"
    types = {"time": "TIMESTAMPTZ", "string": "VARCHAR", "int64": "BIGINT", "int32": "INTEGER"}
    columns = ", ".join(f'NULL::{types[kind]} AS "{column}"' for column, kind in DATASETS[name].columns.items())
    return f"SELECT {columns} WHERE false"


def _named(name: str) -> str:
    """The view that people ask: ids have names in front."""
    columns = DATASETS[name].columns
    joins, names = [], []
    if "project_id" in columns and name not in ("projects", "api_keys"):
        joins.append("LEFT JOIN names_of_projects p ON p.id = f.project_id")
        names.append("p.name AS project")
    if "environment_id" in columns:
        joins.append("LEFT JOIN names_of_environments e ON e.id = f.environment_id")
        names.append("e.name AS environment")
    return f"SELECT {', '.join([*names, 'f.*'])} FROM {_own(name)} f {' '.join(joins)}"


def sql(made: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    """Return the answer to a query; sums of whole numbers are Int64.

    Raises:
        InvalidInput: DuckDB refuses the query; the error says why.
    """
    import duckdb

    try:
        answer: duckdb.DuckDBPyRelation | None = made.sql(query)
        if answer is None:
            return pd.DataFrame()
        types = dict(zip(answer.columns, map(str, answer.types), strict=True))
        if _HUGE in types.values() and len(types) == len(answer.columns):
            casts = [f'"{name}"::BIGINT AS "{name}"' if kind == _HUGE else f'"{name}"' for name, kind in types.items()]
            answer = answer.project(", ".join(casts))
        frame: pd.DataFrame = answer.df()
    except duckdb.Error as error:
        raise InvalidInput(f"history.sql: {error}") from None
    for name, kind in types.items():
        if kind in ("BIGINT", _HUGE) and name in frame:
            frame[name] = frame[name].astype("Int64")
        elif kind == "TIMESTAMP WITH TIME ZONE" and name in frame:
            frame[name] = frame[name].dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    return frame


def scan(name: str, files: Sequence[Path], engine: str) -> Any:
    """Return a dataset in an engine, read when it is asked.

    Raises:
        InvalidInput: There is no such engine.
        MissingExtra: It is not installed.
    """
    if engine not in _ENGINES:
        raise InvalidInput(f"history.scan: engine= is {', '.join(_ENGINES)}, not {engine!r}")
    try:
        return _ENGINES[engine](name, files)
    except ImportError as error:
        raise MissingExtra(f"history.scan(engine={engine!r}) needs it: pip install {engine} ({error})") from None


def _arrow(name: str, files: Sequence[Path]) -> Any:
    import pyarrow.dataset as ds

    return ds.dataset([str(path) for path in files], schema=schema(name), format="parquet")


def _polars(name: str, files: Sequence[Path]) -> Any:
    import polars as pl

    if not files:
        return pl.from_arrow(schema(name).empty_table()).lazy()  # type: ignore[union-attr]  # a table gives a frame
    return pl.scan_parquet([str(path) for path in files], hive_partitioning=False)


def _dask(name: str, files: Sequence[Path]) -> Any:
    import dask.dataframe

    dd: Any = dask.dataframe  # some of its functions have no types
    empty = schema(name).empty_table().to_pandas()
    if not files:
        return dd.from_pandas(empty, npartitions=1)
    return dd.from_map(pd.read_parquet, [str(path) for path in files], meta=pd.read_parquet(files[0]).iloc[:0])


_ENGINES: Final[Mapping[str, Callable[[str, Sequence[Path]], Any]]] = {
    "arrow": _arrow,
    "polars": _polars,
    "dask": _dask,
}
