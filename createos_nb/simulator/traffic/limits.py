"""Limits of the parameters of a model: declared beside it, held by it, and told by its documentation."""

from __future__ import annotations

from collections.abc import Mapping

Limits = Mapping[str, tuple[float, float]]
"""Least and most of a parameter."""


def check_limits(model: object, limits: Limits, where: str = "") -> None:
    """Raise `ValueError` for a parameter outside its limits; one that is None says nothing."""
    for name, (least, most) in limits.items():
        value = getattr(model, name)
        if value is not None and not least <= value <= most:
            raise ValueError(f"{name}{where} is {least} to {most}, not {value}")
