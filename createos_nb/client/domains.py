"""Domains as a client offers them: also checked, with the result of the check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb import contract
from createos_nb.errors import IncompleteWarning, UnknownName, warn
from createos_nb.frames import record_of
from createos_nb.times import format_duration, parse_duration

if TYPE_CHECKING:
    from createos_nb.client.session import Session
    from createos_nb.clock import WaitClock
    from createos_nb.times import DurationLike

_PAUSE: Final = 2.0
#: What shows that a check is over.
_RESULT: Final = ("status", "failed_verification_count", "last_failed_verified_at")


class Domains(contract.Domains):
    """Host names of one's own, each routed to one environment or to none."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.execute)
        self._session = session

    def verify(
        self, project: str, domain: str, *, timeout: DurationLike = "2min", clock: WaitClock | None = None
    ) -> pd.Series:
        """Have the DNS records of a pending domain looked for, and wait for what is found.

        `refresh` answers at once; the result shows in the domain's row, which is read until then.

        Args:
            project: A project: its unique name or id.
            domain: A domain: its host name or id.
            timeout: How long to wait for the result: seconds, or a text such as "1min".
            clock: What is waited on; by default the client's.

        Returns:
            The row of the domain: `status` "issuing" or "active" where its records were found; else "pending", with
            one failed check more and the reason in `message`. An `IncompleteWarning` says where no result came in time.

        Raises:
            UnknownName: There is no such domain; the message lists what there is.
            Invalid: The domain is not pending.

        Examples:
            >>> client = createos_nb.simulate()
            >>> row = client.domains.verify("storefront", "shop.juniper-goods.example.net")
            >>> row["status"], row["message"]
            ('pending', 'DNS records not found yet: it can take up to 48 hours until they have spread')
            >>> _ = client.world.advance("2d")
            >>> client.domains.verify("storefront", "shop.juniper-goods.example.net")["status"]
            'issuing'
        """
        limit = parse_duration(timeout, "domains.verify: timeout")
        clock = clock or self._session.clock
        before = self._row(project, domain)
        self.refresh(project, domain)
        started = clock.passed()
        while (now := self._row(project, domain))[list(_RESULT)].equals(before[list(_RESULT)]):
            left = limit - (clock.passed() - started)
            if left <= 0:
                warn(
                    f"domains.verify: no result after {format_duration(limit)}: client.domains.list shows it later",
                    IncompleteWarning,
                )
                break
            clock.sleep(min(max(_PAUSE, clock.least), left))
        return now

    def _row(self, project: str, domain: str) -> pd.Series:
        frame = self.list(project)
        matches = frame[(frame["name"] == domain) | (frame["id"] == domain)]
        if matches.empty:
            raise UnknownName("domain", domain, frame["name"].dropna().tolist(), f"project {project!r}")
        return record_of(matches.iloc[:1].reset_index(drop=True))
