"""Numbers and times of a chart as people read them; `front/src/chart/scales.ts` has the same for the browser."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd

_TOPS: Final = (1, 2, 3, 4, 5, 6, 8, 10)
#: Seconds between two labels of a time axis.
_STEPS: Final = (
    *(1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800),
    *(1_209_600, 2_592_000, 7_776_000, 31_536_000),
)
_DAY: Final = 86_400
#: A usual range gets as much room above the highest value as this many times of it; what is higher is cut.
ROOM: Final = 1.5


def top(value: float) -> float:
    """Return the end of a scale from zero that has a round number in its middle, above a value.

    Args:
        value: The highest value that is drawn.

    Returns:
        The end of the scale; 1 where there is nothing to draw.

    Examples:
        >>> from createos_nb.panels.chart.scales import top
        >>> top(167), top(5.1), top(0)
        (200.0, 6.0, 1.0)
    """
    if not (value > 0 and math.isfinite(value)):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    found = next((each for each in _TOPS if each * power >= value * 1.02), 20)
    return float(f"{found * power:.12g}")


def format_value(value: float, unit: str = "") -> str:
    """Return a value with its unit; a percentage has two significant digits, and is 100 only where it is all.

    Args:
        value: The value; NaN is "no data".
        unit: Such as "%" or "ms".

    Returns:
        The text.

    Examples:
        >>> from createos_nb.panels.chart.scales import format_value
        >>> format_value(3.42, "%"), format_value(1234.0), format_value(float("nan"))
        ('3.4 %', '1,234', 'no data')
    """
    if not math.isfinite(value):
        return "no data"
    if unit == "%":
        return _percent(value)
    return f"{_plain(value)} {unit}" if unit else _plain(value)


def format_tick(value: float, unit: str = "") -> str:
    """Return a number of a scale: short, its unit only where it is a percentage.

    Args:
        value: The number.
        unit: The unit of the scale.

    Returns:
        The text.

    Examples:
        >>> from createos_nb.panels.chart.scales import format_tick
        >>> format_tick(20_000), format_tick(3, "%")
        ('20k', '3 %')
    """
    if value >= 1e6:
        text = f"{value / 1e6:.3g}M"
    elif value >= 1e4:
        text = f"{value / 1e3:g}k"
    else:
        text = _plain(value)
    return f"{text} %" if unit == "%" and value else text


def time_ticks(start: float, end: float, most: int) -> list[tuple[float, str]]:
    """Return round moments within a stretch of time, in UTC, and their texts.

    Args:
        start: Its beginning, Unix seconds.
        end: Its end, Unix seconds.
        most: How many there is room for.

    Returns:
        Pairs of Unix seconds and a text: the time, or at midnight the day.

    Examples:
        >>> from createos_nb.panels.chart.scales import time_ticks
        >>> time_ticks(1772622000, 1772632800, 4)
        [(1772622000, '11:00'), (1772625600, '12:00'), (1772629200, '13:00'), (1772632800, '14:00')]
    """
    step = next((each for each in _STEPS if (end - start) / each <= max(1, most)), _STEPS[-1])
    ticks: list[tuple[float, str]] = []
    moment = math.ceil(start / step) * step
    while moment <= end:
        stamp = pd.Timestamp(moment, unit="s", tz="UTC")
        day = step >= _DAY or moment % _DAY == 0
        text = f"{stamp.day} {stamp:%b}" if day else f"{stamp:%H:%M:%S}" if step < 60 else f"{stamp:%H:%M}"
        ticks.append((moment, text))
        moment += step
    return ticks


def duration(seconds: float) -> str:
    """Return a length of time in its largest unit.

    Args:
        seconds: The length.

    Returns:
        Such as "5 min" or "2 h".

    Examples:
        >>> from createos_nb.panels.chart.scales import duration
        >>> duration(300), duration(5400)
        ('5 min', '1.5 h')
    """
    for size, name in ((_DAY, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{round(seconds / size, 1):g} {name}"
    return f"{seconds:.0f} s"


def title_of(title: str, seconds: float | None) -> str:
    """Return the title of a pane; `seconds` is how long one of its bars lasts, where that follows the zoom."""
    return title if seconds is None else f"{title}, {duration(seconds)}"


def _plain(value: float) -> str:
    size = abs(value)
    if value == int(value) or size >= 1000:
        return f"{value:,.0f}"
    digits = 1 if size >= 100 else 2 if size >= 1 else 3
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".")


def _percent(value: float) -> str:
    size = abs(value)
    if size in (0, 100):
        return f"{value:.0f} %"
    if 99 <= size < 100:  # not everything unless it is all
        return f"{math.floor(value * 100) / 100:.2f} %"
    return f"{value:.0f} %" if size >= 10 else f"{float(f'{value:.2g}'):g} %"
