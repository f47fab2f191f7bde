"""A name server on this machine, over real UDP and TCP: it answers as it is told, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

#: What is answered to a query: a reply, bytes as they are, or nothing at all.
Respond = Callable[[dns.message.Message], "dns.message.Message | bytes | None"]


def zone(
    *records: str,
    outcome: str = "",
    authoritative: bool = True,
    also: tuple[str, ...] = (),
    authority: tuple[str, ...] = (),
) -> Respond:
    """Return what answers from records such as "www.example.com. 60 IN A 192.0.2.1"; `outcome`: a code for all else.

    `also`: records that go with each answer, as the end of a chain; `authority`: for an answer that has none.
    """

    def respond(query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA if authoritative else 0
        asked = query.question[0]
        matching = [
            one
            for one in map(rrset, records)
            if one.name == asked.name and one.rdtype in (asked.rdtype, dns.rdatatype.CNAME)
        ]
        for one in [*matching, *(map(rrset, also) if matching else ())]:
            reply.find_rrset(reply.answer, one.name, one.rdclass, one.rdtype, create=True).update(one)
        if not matching:
            reply.authority += [rrset(text) for text in authority]
            if outcome:
                reply.set_rcode(dns.rcode.from_text(outcome))
        return reply

    return respond


def rrset(text: str) -> dns.rrset.RRset:
    name, ttl, rdclass, rdtype, value = text.split(maxsplit=4)
    return dns.rrset.from_text(name, int(ttl), rdclass, rdtype, value)


def _bound(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A port for both; one that is free for datagrams may be somebody's connection."""
    for tried in range(20):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind((host, port))
            return udp, socket.create_server((host, udp.getsockname()[1]))
        except OSError:
            udp.close()
            if port or tried == 19:
                raise
    raise AssertionError("not reached")


@contextlib.contextmanager
def serving(respond: Respond, host: str = "127.0.0.1", port: int = 0) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Serve until the end; yields "host:port" and the list of (name, type) that were asked."""
    asked: list[tuple[str, str]] = []
    udp, tcp = _bound(host, port)
    udp.settimeout(0.05)
    port = udp.getsockname()[1]
    tcp.settimeout(0.05)
    over = threading.Event()

    def answer(data: bytes) -> bytes | None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        asked.append((str(question.name), dns.rdatatype.to_text(question.rdtype)))
        reply = respond(query)
        return reply.to_wire(max_size=65_535) if isinstance(reply, dns.message.Message) else reply

    def over_udp() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                data, sender = udp.recvfrom(4096)
                reply = answer(data)
                if reply is not None and len(reply) > 1232:
                    cut = dns.message.make_response(dns.message.from_wire(data))
                    cut.flags |= dns.flags.TC
                    reply = cut.to_wire()
                if reply is not None:
                    udp.sendto(reply, sender)

    def over_tcp() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = tcp.accept()
                with connection:
                    length = int.from_bytes(connection.recv(2))
                    reply = answer(connection.recv(length))
                    if reply is not None:
                        connection.sendall(len(reply).to_bytes(2) + reply)

    threads = [threading.Thread(target=work) for work in (over_udp, over_tcp)]
    for thread in threads:
        thread.start()
    try:
        yield f"{host}:{port}", asked
    finally:
        over.set()
        for thread in threads:
            thread.join()
        udp.close()
        tcp.close()
