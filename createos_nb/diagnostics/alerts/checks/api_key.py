"""API keys that are about to expire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.diagnostics.alerts.alert import Found, Place
from createos_nb.diagnostics.alerts.check import Check
from createos_nb.display import human_duration

if TYPE_CHECKING:
    from createos_nb.diagnostics.alerts.inventory import Inventory
    from createos_nb.diagnostics.alerts.reader import Reader

_DAY: Final = 86_400.0
#: Days before its end from which a key is told, and after it for which it is told that it has ended.
_BEFORE: Final = 14.0
_AFTER: Final = 7.0


class ExpiringKey(Check):
    """Keys that expire within two weeks (a ticket), or have expired within the last week (a page).

    Over when the key is revoked or gone, and a week after it has expired.

    Args:
        days: days before the end of a key from which it is told.
    """

    kind = "api_key"
    every = 3600.0

    def __init__(self, days: float = _BEFORE) -> None:
        self.days = days

    def places(self, inventory: Inventory) -> list[Place]:
        """Return the account."""
        return [Place()]

    def look(self, place: Place, reader: Reader) -> list[Found]:
        """Return what is wrong with each key."""
        found = []
        row: Any
        for row in reader.client.api_keys.list().itertuples(index=False):
            if pd.isna(row.expired_at) or not pd.isna(row.revoked_at):
                continue
            expires = pd.Timestamp(row.expired_at)
            left = expires.timestamp() - reader.now
            if left > self.days * _DAY or left < -_AFTER * _DAY:
                continue
            moment = f"{expires:%Y-%m-%d %H:%M} UTC"
            since = expires - pd.Timedelta(days=self.days)
            commands = (f"client.api_keys.create(name={f'{row.name}-next'!r}, expiry_at='+90d')",)
            if left > 0:
                sentence = f"the key {row.name} expires in {human_duration(left)}, at {moment}"
                found.append(Found(str(row.name), "ticket", since.to_pydatetime(), sentence, commands))
            else:
                sentence = f"the key {row.name} has expired at {moment}: whatever uses it is refused"
                found.append(Found(str(row.name), "page", since.to_pydatetime(), sentence, commands))
        return found
