"""What name servers answer about the domains of a world: as their owners have set it, and as a test would have it."""

from __future__ import annotations

from typing import Final, get_args

from msgspec import Struct

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.state import DnsOutcome, DnsRecord, DnsType, Domain

ADDRESS: Final = "192.0.2.80"
"""The address that domains are to point to, one that is kept free for documentation."""
ELSEWHERE: Final = "198.51.100.80"
"""Where a domain points whose records are set wrongly: another such address."""
RECORD: Final = "_createos"
"""Name of the TXT record, relative to the domain: the official client prints it, a dot and the domain."""
RESOLVER: Final = "resolver.simulator.invalid"
"""The name server that everybody asks: it learns of a change when it has spread."""
AUTHORITATIVE: Final = ("ns1.simulator.invalid", "ns2.simulator.invalid")
"""The name servers of the domains' zones: they know of a change as soon as the owner has made it."""
#: Seconds after which nobody waits for an answer any more.
_PATIENCE: Final = 5.0
TYPES: Final[tuple[str, ...]] = get_args(DnsType)


class NameServerAnswer(Struct):
    """What one name server answers; `seconds`: how long it takes."""

    server: str
    outcome: DnsOutcome
    values: list[str] = []
    cname: str = ""
    seconds: float = 0


def ask(context: WorldContext, name: str, type: str, servers: tuple[str, ...] = ()) -> list[NameServerAnswer]:
    """Return what each name server answers about a name, by default all of them."""
    host = name.lower().rstrip(".")
    return [_answer(context, host, type, server) for server in servers or (RESOLVER, *AUTHORITATIVE)]


def wanted(domain: Domain, type: str) -> list[str]:
    """Return the values that a record of a domain is to have."""
    return [f"createos-verify={domain.token}"] if type == "TXT" else [ADDRESS]


def all_found(context: WorldContext, domain: Domain) -> bool:
    """Return whether the platform finds the records that a domain is to have."""
    names = {"TXT": f"{RECORD}.{domain.name}", "A": domain.name}
    answers = {type: _answer(context, name, type, RESOLVER) for type, name in names.items()}
    return all(set(wanted(domain, type)) <= set(answer.values) for type, answer in answers.items())


def leads_here(context: WorldContext, domain: Domain) -> bool:
    """Return whether everybody who asks for a domain is led to the platform."""
    return ADDRESS in _answer(context, domain.name, "A", RESOLVER).values


def _answer(context: WorldContext, name: str, type: str, server: str) -> NameServerAnswer:
    if server not in (RESOLVER, *AUTHORITATIVE):
        return NameServerAnswer(server, "timeout")
    holder = name.removeprefix(f"{RECORD}.")
    held = "A" if holder == name else "TXT"
    domain = next(
        (one for project in context.state.projects.values() for one in project.domains.values() if one.name == holder),
        None,
    )
    if domain is None:
        given = holder == name and (name in context.hosts or name.endswith(f".{context.state.settings.base_domain}"))
        if not given:
            return NameServerAnswer(server, "no such name")
        return NameServerAnswer(server, "found", [ADDRESS]) if type == "A" else NameServerAnswer(server, "no record")
    if type != held:
        return NameServerAnswer(server, "no record" if held == "A" else "no such name")
    record = _override(domain, type, server)
    if record is not None:
        seconds = max(record.seconds, _PATIENCE) if record.outcome == "timeout" else record.seconds
        return NameServerAnswer(server, record.outcome, list(record.values), record.cname, seconds)
    if _is_set(context, domain, server):
        return NameServerAnswer(server, "found", wanted(domain, type))
    # the TXT record has a name of its own, that of the A record has others below it
    return NameServerAnswer(server, "no record" if held == "A" else "no such name")


def _override(domain: Domain, type: str, server: str) -> DnsRecord | None:
    """What the record is said to be: the newest word for this server, or for all of them."""
    matching = (record for record in reversed(domain.dns) if record.type == type and record.server in ("", server))
    return next(matching, None)


def _is_set(context: WorldContext, domain: Domain, server: str) -> bool:
    now = context.state.now
    if domain.status not in ("pending", "error"):
        return True
    if server in AUTHORITATIVE and domain.dns_set_at:
        return True
    return 0 < domain.resolves_at <= now


def longest(answers: list[NameServerAnswer]) -> int:
    """Return the milliseconds that asking all of them at a time takes."""
    return round(max((answer.seconds for answer in answers), default=0.0) * 1_000)
