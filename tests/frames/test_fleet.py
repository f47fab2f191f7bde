"""Changes of a fleet in which a time can't be read."""

from __future__ import annotations

import pandas as pd
import pytest

import createos_nb
from createos_nb.frames.fleet import changes


@pytest.mark.parametrize("odd", ["x", [1], {"a": 1}, 5, "2026-13-45", True])
def test_a_time_that_cannot_be_read_hides_nothing_in_silence(odd: object) -> None:
    fleet = createos_nb.simulate("storefront").fleet
    parts = fleet.environments(), fleet.deployments(), fleet.domains()
    since = pd.Timestamp("2000-01-01", tz="UTC")
    whole = changes(*parts, since)
    assert whole.attrs["complete"]
    assert "without" not in whole.attrs
    written = parts[0]["updated_at"].astype(object)
    written.iloc[0] = odd
    attrs = parts[0].attrs
    broken = parts[0].assign(updated_at=written)
    broken.attrs = attrs
    found = changes(broken, *parts[1:], since)
    assert len(found) >= len(whole) - 1
    assert not found.attrs["complete"]
    assert str(found["time"].dtype) == "datetime64[us, UTC]"
