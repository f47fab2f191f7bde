"""Name servers asked over the network by dnspython, the extra `dns`: each one by itself, so that they can differ."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from createos_nb import extras
from createos_nb.client.dns.judgement import Answer
from createos_nb.errors import InvalidInput

if TYPE_CHECKING:
    import dns.message
    import dns.rrset

_PORT: Final = 53
#: Labels of a top-level zone such as "com.", the root's included: it does not hold what is below it.
_TOP_LEVEL: Final = 2
#: Name servers of this machine and of the domain's zone that are asked at most, each.
_MOST: Final = 3


class Server(NamedTuple):
    """A name server; `name`: as it is spoken of; `recursive`: it is asked to find out what it does not know."""

    address: str
    port: int
    name: str
    recursive: bool = True


def require() -> None:
    """Raises `MissingExtra`."""
    extras.require("dns", "looking DNS records up", instead="leave it to the platform's own check (look_up=False)")


def servers_for(domain: str, nameservers: Sequence[str] | None, seconds: float) -> tuple[list[Server], list[Answer]]:
    """Return the name servers to ask: those that are named, or this machine's and those of the domain's zone.

    Beside them what stands for those that could not be found out: no answer, with the reason.
    """
    require()
    if nameservers is not None:
        return [_named(text) for text in nameservers], []
    own = own_servers()
    if not own:
        return [], [Answer("this machine", "no answer", reason="it is set up with no name server")]
    try:
        return [*own, *authoritative(domain, own, seconds)], []
    except LookupError as error:
        return own, [Answer("the domain's own name servers", "no answer", reason=str(error))]


def own_servers() -> list[Server]:
    """The name servers that this machine is set up with; none where it is not set up with any."""
    import dns.exception
    import dns.resolver

    try:
        resolver = dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return []
    # each name server of the machine answers for all of it: the first ones are enough
    addresses = [str(address) for address in resolver.nameservers][:_MOST]
    return [Server(address, _PORT, address) for address in addresses if _is_address(address)]


def authoritative(domain: str, own: Sequence[Server], seconds: float) -> list[Server]:
    """The name servers of a domain's zone, which have its records first; none where nobody has registered it.

    Raises:
        LookupError: they can't be found out.
    """
    import dns.exception
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [server.address for server in own]
    resolver.port, resolver.lifetime = own[0].port, seconds
    try:
        zone = dns.resolver.zone_for_name(domain, resolver=resolver)
        if len(zone.labels) <= _TOP_LEVEL:
            return []
        hosts = sorted(str(row.target) for row in resolver.resolve(zone, "NS"))[:_MOST]
        addresses = [(host.rstrip("."), next(iter(resolver.resolve(host, "A"))).address) for host in hosts]
    except dns.exception.Timeout:
        raise LookupError(f"timeout after {seconds:g} s") from None
    except (dns.exception.DNSException, OSError) as error:
        raise LookupError(str(error) or type(error).__name__) from None
    return [Server(address, own[0].port, host, recursive=False) for host, address in addresses]


def ask(server: Server, name: str, kind: str, seconds: float) -> Answer:
    """Ask one name server. What it does not answer is no answer, whatever the reason: nothing is raised for it."""
    import dns.exception
    import dns.flags
    import dns.message
    import dns.query

    try:
        query = dns.message.make_query(name, kind)
    except dns.exception.DNSException as error:
        raise InvalidInput(f"{name!r} is no host name: {error}") from None
    if not server.recursive:
        query.flags &= ~dns.flags.RD
    try:
        reply, _ = dns.query.udp_with_fallback(query, server.address, timeout=seconds, port=server.port)
    except dns.exception.Timeout:
        return _none(server, f"timeout after {seconds:g} s")
    except (dns.exception.DNSException, OSError, EOFError) as error:
        return _none(server, str(error) or type(error).__name__)
    return read(server, reply)


def read(server: Server, reply: dns.message.Message) -> Answer:
    """Read the reply of a name server: names followed through CNAMEs, texts put together of their strings."""
    import dns.exception
    import dns.flags
    import dns.message
    import dns.rcode
    import dns.rdatatype

    if reply.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return _none(server, dns.rcode.to_text(reply.rcode()))
    asked = reply.question[0] if reply.question else None
    if asked is None or not isinstance(reply, dns.message.QueryMessage):
        return _none(server, "its reply does not say what it answers")
    try:
        chain = reply.resolve_chaining()
    except dns.exception.DNSException as error:
        return _none(server, str(error) or type(error).__name__)
    cname = "" if chain.canonical_name == asked.name else chain.canonical_name.to_text(omit_final_dot=True).lower()
    if chain.answer is not None:
        values = tuple(sorted(_text(row) for row in chain.answer))
        return Answer(server.name, "found", values, cname)
    if reply.rcode() == dns.rcode.NXDOMAIN:
        return Answer(server.name, "no such name", cname=cname)
    authority = {row.rdtype for row in reply.authority}
    is_own = bool(reply.flags & dns.flags.AA) or dns.rdatatype.SOA in authority or server.recursive
    if cname and not server.recursive:
        return _none(server, f"it is a CNAME to {cname}, and what that is others know", cname)
    if not is_own or (dns.rdatatype.NS in authority and dns.rdatatype.SOA not in authority):
        return _none(server, "it sends on to other name servers")
    return Answer(server.name, "no record", cname=cname)


def _text(row: Any) -> str:
    """A value as one types it: of a text its strings put together, of a name without the final dot."""
    strings = getattr(row, "strings", None)
    if strings is not None:
        return b"".join(strings).decode("utf-8", "backslashreplace")
    target = getattr(row, "target", None)
    return str(row.to_text()) if target is None else str(target.to_text(omit_final_dot=True))


def _none(server: Server, reason: str, cname: str = "") -> Answer:
    return Answer(server.name, "no answer", cname=cname, reason=reason)


def _is_address(text: str) -> bool:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        return False  # such as a server of DNS over HTTPS
    return True


def _named(text: str) -> Server:
    """A name server as somebody types it: an address, or an address with a port."""
    address, port = text.strip(), ""
    if address.startswith("["):
        address, _, port = address[1:].partition("]")
        port = port.removeprefix(":")
    elif address.count(":") == 1:
        address, _, port = address.partition(":")
    if not _is_address(address) or (port and not (port.isdecimal() and 0 < int(port) < 65_536)):
        raise InvalidInput(f'nameservers: {text!r} is no address, such as "1.1.1.1" or "127.0.0.1:5353"')
    return Server(address, int(port or _PORT), text.strip())
