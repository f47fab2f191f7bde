"""Frames as files that others can open: CSV or Parquet that no spreadsheet executes, dtypes kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.frames.arrays import objects, texts
from createos_nb.secret import Secret

_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "＝", "＋", "－", "＠")
_JSON: Final = "json"


def export(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a frame as `.csv` (with `.dtypes.json` beside it) or `.parquet` (needs pyarrow); returns the path.

    A text that a spreadsheet would execute (it begins with = + - @, a tab or a line break) gets an apostrophe in front;
    `read_export` takes it away again and restores dtypes and index. Maps and lists are written as JSON; secrets stay
    masked. The file is whole, or the old one stays.
    """
    target = Path(path)
    if target.suffix not in (".csv", ".parquet"):
        raise InvalidInput(f"{target.name}: export writes .csv or .parquet")
    if not isinstance(frame, pd.DataFrame):
        raise InvalidInput(f"export takes a DataFrame, not {type(frame).__name__}")
    if frame.columns.has_duplicates:
        raise InvalidInput("export needs columns with different names")
    flat, index = _flat(frame)
    dtypes = {str(name): _dtype(flat[name]) for name in flat.columns}
    safe = pd.DataFrame({_safe(str(name)): _safe_column(flat[name]) for name in flat.columns}, index=flat.index)
    facts = {"dtypes": dtypes, "index": index, "attrs": _jsonable(frame.attrs)}
    part = target.with_name(target.name + ".part")
    if target.suffix == ".csv":
        safe.to_csv(part, index=False)
        sidecar = _sidecar(target)
        sidecar.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    else:
        safe.attrs = {"createos_nb": facts}
        safe.to_parquet(part, index=False)
    part.replace(target)
    return target


def read_export(path: str | Path) -> pd.DataFrame:
    """A frame that `export` wrote, with its dtypes, index and attrs."""
    source = Path(path)
    if source.suffix == ".csv":
        try:
            facts = json.loads(_sidecar(source).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InvalidInput(f"{_sidecar(source).name} is missing: it holds the dtypes of {source.name}") from None
        safe = pd.read_csv(source, dtype="str", keep_default_na=False, na_values=[""])
    elif source.suffix == ".parquet":
        safe = pd.read_parquet(source)
        facts = safe.attrs.get("createos_nb")
        if facts is None:
            raise InvalidInput(f"{source.name} was not written by export")
    else:
        raise InvalidInput(f"{source.name}: read_export reads .csv or .parquet")
    names = list(facts["dtypes"])
    columns = {name: _restored(safe[_safe(name)], facts["dtypes"][name]) for name in names}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(safe)))
    if facts["index"]:
        frame = frame.set_index(facts["index"])
    frame.attrs |= facts["attrs"]
    return frame


def _flat(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    if isinstance(frame.index, pd.RangeIndex) and frame.index.name is None:
        return frame, []
    names = [str(name) if name is not None else f"index_{i}" for i, name in enumerate(frame.index.names)]
    flat = frame.copy(deep=False)
    flat.index = flat.index.set_names(names)
    return flat.reset_index(), names


def _dtype(column: pd.Series) -> str:
    return _JSON if column.dtype == object else str(column.dtype)


def _safe_column(column: pd.Series) -> pd.Series:
    if column.dtype == object:
        spelled = [None if _missing(value) else json.dumps(_jsonable(value), ensure_ascii=False) for value in column]
        return pd.Series(texts([None if one is None else _safe(one) for one in spelled]), index=column.index)
    if str(column.dtype) in ("str", "string"):
        return pd.Series(
            texts([None if _missing(value) else _safe(str(value)) for value in column]), index=column.index
        )
    return column


def _safe(text: str) -> str:
    return "'" + text if text.startswith(_DANGEROUS) else text


def _restored(column: pd.Series, dtype: Any) -> pd.Series:
    if dtype == _JSON:
        return pd.Series(objects([None if _missing(v) else json.loads(_unsafe(v)) for v in column]))
    if dtype in ("str", "string"):
        return pd.Series(texts([None if _missing(v) else _unsafe(v) for v in column])).astype(dtype)
    if dtype.startswith("datetime64"):
        parsed = pd.to_datetime(column, utc=", " in dtype, format="ISO8601") if column.dtype == "str" else column
        return parsed.astype(dtype)
    if dtype == "boolean" and column.dtype == "str":
        return column.map({"True": True, "False": False}).astype("boolean")
    if column.dtype == "str" and dtype in ("Int64", "Float64"):
        return pd.Series(pd.to_numeric(column, dtype_backend="numpy_nullable")).astype(dtype)
    return column.astype(dtype)


def _unsafe(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_DANGEROUS) else text


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Secret):
        return str(value)
    if isinstance(value, dict):
        return {str(k): _jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(v) for v in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return None if _missing(value) else str(value)


def _sidecar(path: Path) -> Path:
    return path.with_name(path.stem + ".dtypes.json")
