"""A receiver of webhooks, over real HTTP on this machine."""

from __future__ import annotations

import pytest

from tests.notify.receiver import Receiver


@pytest.fixture
def receiver() -> Receiver:
    with Receiver() as opened:
        yield opened
