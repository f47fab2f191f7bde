"""Frames as files that others can open: CSV that no spreadsheet executes, or Parquet; dtypes and index kept."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from createos_nb import extras
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.frames.arrays import objects, texts
from createos_nb.redaction import Secret
from createos_nb.uploads.atomic_write import atomic_file

_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "＝", "＋", "－", "＠")
_JSON: Final = "json"
_TEXTS: Final = ("str", "string")
#: dtypes that come back from a file as they were.
_KEPT: Final = re.compile(
    r"str|string|bool|boolean|category|u?int\d+|U?Int\d+|float(32|64)|Float(32|64)|datetime64\[.*\]|timedelta64\[.*\]"
)


def export(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a frame as `.csv` (with `.dtypes.json` beside it) or `.parquet` (needs pyarrow).

    `read_export` gives it back with dtypes, index and attrs. In CSV, a text that a spreadsheet would execute (it begins
    with = + - @, a tab or a line break) gets an apostrophe in front, which `read_export` takes away again; in Parquet,
    texts are as they are. Maps and lists are written as JSON; secrets stay masked; names of columns become texts. Each
    file is whole, or the old one stays.

    Args:
        frame: Any frame whose columns have one level.
        path: Where to write; its suffix says the format.

    Returns:
        The path of the file.

    Raises:
        InvalidInput: The frame or the path can't be written.
        MissingExtra: pyarrow is not installed.

    Examples:
        >>> client = createos_nb.simulate()
        >>> createos_nb.export(client.projects.list(), "projects.csv").name
        'projects.csv'
    """
    target = Path(path)
    kind = _kind(target, "export writes")
    if not isinstance(frame, pd.DataFrame):
        raise InvalidInput(f"export takes a DataFrame, not {type(frame).__name__}")
    flat, facts = _flat(frame)
    if kind == ".csv":
        _write_csv(flat, facts, target)
    else:
        columns = {name: _json_texts(flat[name]) if flat[name].dtype == object else flat[name] for name in flat}
        table = pd.DataFrame(columns)
        table.attrs = {"createos_nb": facts}
        _require_pyarrow()
        with atomic_file(target, replace=True) as temporary:
            table.to_parquet(temporary, index=False)
    return target


def read_export(path: str | Path) -> pd.DataFrame:
    """Return a frame that `export` wrote, with its dtypes, index and attrs.

    Args:
        path: The `.csv` or `.parquet` file.

    Returns:
        The frame as it was.

    Raises:
        InvalidInput: The file was not written by `export`, or can't be read.
        ConfigurationError: pyarrow is not installed.

    Examples:
        >>> client = createos_nb.simulate()
        >>> path = createos_nb.export(client.projects.list(), "projects.csv")
        >>> createos_nb.read_export(path)["created_at"].dtype
        datetime64[us, UTC]
    """
    source = Path(path)
    if _kind(source, "read_export reads") == ".csv":
        safe, facts = _read_csv(source)
    else:
        _require_pyarrow()
        try:
            safe = pd.read_parquet(source)
        except (OSError, ValueError) as error:  # what pyarrow finds wrong is a ValueError
            raise InvalidInput(f"{source} can't be read: {error}") from None
        facts = dict(safe.attrs.get("createos_nb", {}))
        if "dtypes" not in facts:
            raise InvalidInput(f"{source.name} was not written by export")
    names = list(facts["dtypes"])
    if list(safe.columns) != names:
        raise InvalidInput(f"{source.name} has other columns than it was written with; pandas.read_csv reads any file")
    try:
        columns = {name: _restored(safe[name], facts["dtypes"][name], facts, name) for name in names}
    except (ValueError, TypeError, OverflowError, KeyError) as error:
        raise InvalidInput(f"{source.name} holds other values than its columns had: {error}") from None
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(safe)))
    if facts["index"]:
        frame = frame.set_index(facts["index"])
        frame.index.names = facts.get("index_names", facts["index"])
        if "freq" in facts:
            frame.index = pd.DatetimeIndex(frame.index, freq=facts["freq"])
    frame.attrs |= facts["attrs"]
    return frame


# --- what a frame is made of ------------------------------------------------------------------------------------------


def _flat(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The frame with its index as columns, names as texts and categories as their values; and what that loses."""
    if frame.columns.nlevels > 1:
        raise InvalidInput("export needs columns of one level; frame.columns = [...] names them")
    index = frame.index
    named: list[str] = []
    flat = frame.copy(deep=False)
    flat.columns = pd.Index([str(name) for name in frame.columns], dtype=TEXT)
    if not (isinstance(index, pd.RangeIndex) and index.equals(pd.RangeIndex(len(frame))) and index.name is None):
        named = [f"index_{i}" if name is None else str(name) for i, name in enumerate(index.names)]
    if twice := {name for name in (*flat.columns, *named) if [*flat.columns, *named].count(name) > 1}:
        raise InvalidInput(f"export needs columns (and an index) with different names: {', '.join(sorted(twice))}")
    if named:
        flat.index = index.set_names(named)
        flat = flat.reset_index()
    if not len(flat.columns):
        raise InvalidInput("export needs a frame with columns")
    names = [str(name) for name in flat.columns]
    facts: dict[str, Any] = {"dtypes": {name: _dtype(name, flat[name]) for name in names}}
    facts |= {"index": named, "attrs": _jsonable(frame.attrs)}
    if named != list(index.names) and named:
        facts["index_names"] = [None if name is None else str(name) for name in index.names]
    if isinstance(index, pd.DatetimeIndex) and index.freq is not None:
        facts["freq"] = index.freq.freqstr
    for name in names:
        if isinstance(flat[name].dtype, pd.CategoricalDtype):
            flat[name] = _uncategorised(name, flat[name], facts)
    return flat, facts


def _uncategorised(name: str, column: pd.Series, facts: dict[str, Any]) -> pd.Series:
    """The values of a categorical column; `facts` keep its categories."""
    categories = column.cat.categories
    within: Any = {"i": "Int64", "u": "UInt64", "b": "boolean"}.get(getattr(categories.dtype, "kind", "O"))
    values = column.astype(object).astype(within or categories.dtype)
    facts.setdefault("categories", {})[name] = {
        "dtype": _dtype(name, values),
        "kind": str(categories.dtype),
        "values": [_to_json_value(value) for value in categories],
        "ordered": bool(column.cat.ordered),
    }
    return values


def _dtype(name: str, column: pd.Series) -> str:
    if column.dtype == object:
        return _JSON
    if not _KEPT.fullmatch(str(column.dtype)):
        raise InvalidInput(f"column {name!r} is of dtype {column.dtype}, which no file keeps; astype() changes it")
    return str(column.dtype)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return [_jsonable(v) for v in value]
    return _to_json_value(value)


def _to_json_value(value: Any) -> Any:
    """One value as JSON has it: what JSON has no form for becomes its text."""
    if isinstance(value, Secret):
        return str(value)
    if isinstance(value, np.generic):
        value = value.item()
    if _missing(value):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | bool) else str(value)


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


# --- CSV --------------------------------------------------------------------------------------------------------------


def _write_csv(flat: pd.DataFrame, facts: dict[str, Any], target: Path) -> None:
    safe: dict[str, pd.Series] = {}
    for name in map(str, flat.columns):
        column = _json_texts(flat[name]) if flat[name].dtype == object else flat[name]
        if str(column.dtype) in _TEXTS:
            if (empty := _empty(column)) is not None:
                facts.setdefault("empty", {})[name] = empty
            column = pd.Series(texts([None if _missing(value) else _safe(value) for value in column]))
        safe[_safe(name)] = column
    try:
        with atomic_file(target, replace=True) as temporary, atomic_file(_sidecar(target), replace=True) as sidecar:
            # a lone carriage return ends a row for many readers, and Python quotes none
            returns = any("\r" in name or _returns(column) for name, column in safe.items())
            quoting: Any = csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL
            pd.DataFrame(safe).to_csv(temporary, index=False, lineterminator="\n", quoting=quoting)
            sidecar.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    except UnicodeEncodeError:
        raise InvalidInput(f"{target.name}: a text holds half a surrogate pair, which no file can hold") from None


def _returns(column: pd.Series) -> bool:
    return str(column.dtype) in _TEXTS and any("\r" in value for value in column if isinstance(value, str))


def _read_csv(source: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    try:
        facts = json.loads(_sidecar(source).read_text(encoding="utf-8"))
        if not isinstance(facts, dict) or not isinstance(facts.get("dtypes"), dict):
            raise InvalidInput(f"{_sidecar(source).name} was not written by export")
        with open(source, encoding="utf-8", newline="") as file:
            names = [_unsafe(name) for name in next(csv.reader(file), [])]
            file.seek(0)
            # before pandas 3 the parser in C ends a text at NUL
            engine: Literal["c", "python"] = "python" if _holds_nul(source) else "c"
            safe = pd.read_csv(
                file,
                names=names,
                header=0,
                dtype=TEXT,
                keep_default_na=False,
                na_values=[""],
                skip_blank_lines=False,
                engine=engine,
            )
    except FileNotFoundError as error:
        raise InvalidInput(f"{error.filename} is missing: a CSV and its .dtypes.json belong together") from None
    except InvalidInput:
        raise
    except (OSError, ValueError, csv.Error) as error:  # what pandas and json find wrong in a file is a ValueError
        raise InvalidInput(f"{source} can't be read: {error}") from None
    for name in names:
        if facts["dtypes"].get(name) in (*_TEXTS, _JSON) or name in facts.get("categories", {}):
            safe[name] = _filled(safe[name], facts.get("empty", {}).get(name))
    return safe, facts


def _holds_nul(source: Path) -> bool:
    with open(source, "rb") as file:
        return any(b"\0" in block for block in iter(lambda: file.read(1 << 20), b""))


def _empty(column: pd.Series) -> Any:
    """Return the rows whose text is empty rather than missing ("all", or positions): a CSV has one form for both."""
    positions = np.flatnonzero((column == "").fillna(False).to_numpy(dtype=bool))
    if not len(positions):
        return None
    return "all" if not column.isna().any() else positions.tolist()


def _filled(column: pd.Series, empty: Any) -> pd.Series:
    values = [None if _missing(value) else _unsafe(value) for value in column]
    for position in range(len(values)) if empty == "all" else empty or []:
        if values[position] is None:
            values[position] = ""
    return pd.Series(texts(values))


def _json_texts(column: pd.Series) -> pd.Series:
    return pd.Series(texts([None if _missing(value) else _to_json_text(value) for value in column]))


def _to_json_text(value: Any) -> str:
    text = json.dumps(_jsonable(value), ensure_ascii=False)
    halved = any("\ud800" <= char <= "\udfff" for char in text)  # a surrogate pair, which no file can hold
    return json.dumps(_jsonable(value)) if halved else text


def _safe(text: str) -> str:
    return "'" + text if text.startswith(_DANGEROUS) else text


def _unsafe(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_DANGEROUS) else text


# --- back again -------------------------------------------------------------------------------------------------------


def _restored(column: pd.Series, dtype: str, facts: Mapping[str, Any], name: str) -> Any:
    if dtype == "category":
        category = facts["categories"][name]
        kind = category["kind"]
        categories = pd.Index(category["values"], dtype=None if kind == "object" else _pandas_dtype(kind))
        values = _values(column, category["dtype"])
        return pd.Series(pd.Categorical(values.astype(object), categories=categories, ordered=category["ordered"]))
    return _values(column, dtype)


def _values(column: pd.Series, dtype: Any) -> Any:
    if dtype == _JSON:
        return pd.Series(objects([None if _missing(value) else json.loads(value) for value in column]))
    if dtype in _TEXTS:
        return pd.Series(texts(column.where(column.notna(), None).tolist())).astype(_pandas_dtype(dtype))
    if str(column.dtype) not in _TEXTS:  # a Parquet file has the types itself
        return column.astype(dtype)
    if dtype.startswith("datetime64"):
        try:
            return pd.to_datetime(column, utc=", " in dtype, format="ISO8601").astype(dtype)
        except pd.errors.OutOfBoundsDatetime:  # pandas before 3 reads texts as nanoseconds
            return column.astype(object).astype(dtype)
    if dtype.startswith("timedelta64"):
        return pd.to_timedelta(column).astype(dtype)
    read = _BOOLEANS.__getitem__ if dtype.lower().startswith("bool") else float if "loat" in dtype else int
    gap = float("nan") if dtype.startswith("float") else pd.NA
    values = [gap if _missing(value) else read(value) for value in column]
    return pd.Series(values, dtype=dtype)


_BOOLEANS: Final = {"True": True, "False": False}


def _pandas_dtype(name: str) -> Any:
    return TEXT if name == "str" else name


def _kind(path: Path, does: str) -> str:
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise InvalidInput(f"{path.name}: {does} .csv or .parquet")
    return path.suffix.lower()


def _require_pyarrow() -> None:
    extras.require("parquet", "Parquet", instead="write .csv")  # pandas says less clearly what to do


def _sidecar(path: Path) -> Path:
    return path.with_name(path.stem + ".dtypes.json")
