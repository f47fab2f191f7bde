"""Domains as a client offers them: also checked, with the result of the check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb import contract
from createos_nb.client.dns.lookup import look_up, lookups_frame, records_frame
from createos_nb.client.dns.records import wanted_records, zone_text
from createos_nb.contract import domains as contract_domains
from createos_nb.errors import IncompleteWarning, InvalidInput, UnknownName, warn
from createos_nb.frames import record_of
from createos_nb.times import format_duration, parse_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from createos_nb.client.dns.records import WantedRecord
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

    def records(self, project: str, domain: str) -> pd.DataFrame:
        """Return the DNS records to create for a domain, as the platform asks for them.

        Args:
            project: A project: its unique name or id.
            domain: A domain: its host name or id.

        Returns:
            One row a record: `type` ("TXT", "A"), `name` (in full), `host` (the same relative to the domain, "@" for
            the domain itself), `value`. No row where the platform asks for none, as of a domain that is active.

        Raises:
            UnknownName: There is no such domain; the message lists what there is.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.domains.records("storefront", "shop.juniper-goods.example.net")[["type", "host"]]
              type       host
            0  TXT  _createos
            1    A          @
        """
        return records_frame(self._wanted(project, domain)[1])

    def zone_file(self, project: str, domain: str) -> str:
        """Return the DNS records to create for a domain as lines of a zone file, which registrars import.

        Args:
            project: A project: its unique name or id.
            domain: A domain: its host name or id.

        Returns:
            The lines, with names in full, each with a final dot; "" where the platform asks for no record.

        Raises:
            UnknownName: There is no such domain; the message lists what there is.

        Examples:
            >>> client = createos_nb.simulate()
            >>> print(client.domains.zone_file("storefront", "shop.juniper-goods.example.net"))
            _createos.shop.juniper-goods.example.net. 300 IN TXT "createos-verify=..."
            shop.juniper-goods.example.net.           300 IN A 192.0.2.80
        """
        return zone_text(self._wanted(project, domain)[1])

    def look_up(
        self,
        project: str,
        domain: str,
        *,
        nameservers: Sequence[str] | None = None,
        timeout: DurationLike = "5s",
    ) -> pd.DataFrame:
        """Look up the DNS records of a domain from here: what is there against what is wanted.

        This machine's name servers are asked, and those of the domain's own zone, which know of a change first; on a
        simulator those of its world, without a network.

        Args:
            project: A project: its unique name or id.
            domain: A domain: its host name or id.
            nameservers: Addresses to ask instead, such as "1.1.1.1" or "127.0.0.1:5353"; on a simulator names, such as
                "ns1.simulator.invalid".
            timeout: How long each name server is waited for: seconds, or a text such as "2s".

        Returns:
            One row a record: `type`, `name`, `host`, `wanted`, `found` (all values, with commas between; "" where there
            is none, NA where nobody has answered), `state`, `complete` (bool: all that were asked have answered),
            `detail` (what each has answered, and what to do). The state is "set", "missing", "wrong", "extra" (right,
            beside addresses that lead elsewhere), "differs" (from one name server to another), or "unknown": no answer
            is not the answer that it is not there. No row where the platform asks for no record.

        Raises:
            UnknownName: There is no such domain; the message lists what there is.
            MissingExtra: The extra `dns` is not installed.
            InvalidInput: A name server is no address.

        Examples:
            >>> client = createos_nb.simulate()
            >>> domain = "shop.juniper-goods.example.net"
            >>> client.domains.look_up("storefront", domain)["state"].tolist()
            ['missing', 'missing']
            >>> client.world.set_dns(domain, after="2h")
            >>> client.domains.look_up("storefront", domain)["state"].tolist()
            ['differs', 'differs']
        """
        seconds = parse_duration(timeout, "domains.look_up: timeout")
        if seconds == 0:
            raise InvalidInput("domains.look_up: timeout= is more than 0")
        if isinstance(nameservers, str):
            raise InvalidInput("domains.look_up: nameservers= is a list of addresses")
        name, records = self._wanted(project, domain)
        return lookups_frame(look_up(self._session, name, records, nameservers=nameservers, seconds=seconds))

    def _wanted(self, project: str, domain: str) -> tuple[str, list[WantedRecord]]:
        """The name of a domain, and the records that the platform asks for."""
        row = self._row(project, domain)
        texts, addresses = row["records_txt_records"], row["records_a_records"]
        records = contract_domains.DnsRecords(
            txt_records=[one for one in texts if isinstance(one, dict)] if isinstance(texts, list) else None,
            a_records=[one for one in addresses if isinstance(one, str)] if isinstance(addresses, list) else None,
        )
        return str(row["name"]), wanted_records(str(row["name"]), records)

    def _row(self, project: str, domain: str) -> pd.Series:
        frame = self.list(project)
        matches = frame[(frame["name"] == domain) | (frame["id"] == domain)]
        if matches.empty:
            raise UnknownName("domain", domain, frame["name"].dropna().tolist(), f"project {project!r}")
        return record_of(matches.iloc[:1].reset_index(drop=True))
