"""The three results of a check."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Result: TypeAlias = Literal["PASS", "FAIL", "NO DATA"]
PASS: Final = "PASS"
FAIL: Final = "FAIL"
NO_DATA: Final = "NO DATA"
