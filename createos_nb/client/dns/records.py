"""The DNS records that a domain needs: by name and value, and as the text of a zone file."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, cast, get_args

if TYPE_CHECKING:
    from createos_nb.contract.domains import DnsRecords

RecordType = Literal["TXT", "A", "AAAA", "CNAME"]
TYPES: Final[tuple[str, ...]] = get_args(RecordType)
#: Seconds for which others may keep a record: little, so that a mistake is mended soon.
_TTL: Final = 300
#: The longest text in one string of a TXT record; a longer one is split.
_LONGEST: Final = 255


class WantedRecord(NamedTuple):
    """A record to create; `name`: in full, without a final dot; `host`: the same relative to the domain, "@" for it."""

    type: RecordType
    name: str
    host: str
    value: str

    def __str__(self) -> str:
        return f"{self.type} {self.name} = {self.value}"


def wanted_records(domain: str, records: DnsRecords | None) -> list[WantedRecord]:
    """Return the records that the platform says a domain needs; none where it says nothing."""
    if records is None:
        return []
    rows: list[WantedRecord] = []
    for record in records.txt_records or []:
        host, value = record.get("name"), record.get("value")
        if isinstance(host, str) and isinstance(value, str) and value:
            rows.append(_record("TXT", host, domain, value))
    rows += [_record(_address_type(address), "@", domain, address) for address in records.a_records or [] if address]
    return list(dict.fromkeys(rows))


def normal_name(name: str) -> str:
    """Return a host name as names are compared: in lower case, without a final dot."""
    return name.strip().lower().rstrip(".")


def normal_value(type: str, value: str) -> str:
    """Return a value as values are compared: a text as it is, a name or an address in one spelling."""
    if type == "TXT":
        return value
    try:
        return str(ip_address(value.strip()))
    except ValueError:
        return normal_name(value)


def zone_text(records: Sequence[WantedRecord]) -> str:
    """Return records as lines of a zone file, which registrars import; each line can be typed, too."""
    width = max((len(record.name) for record in records), default=0) + 1
    return "".join(f"{record.name + '.':<{width}} {_TTL} IN {record.type} {_in_zone(record)}\n" for record in records)


def _in_zone(record: WantedRecord) -> str:
    if record.type != "TXT":
        return record.value + ("." if record.type == "CNAME" else "")
    data = record.value.encode()
    pieces = [data[start : start + _LONGEST] for start in range(0, len(data), _LONGEST)]
    return " ".join(f'"{"".join(map(_escaped, piece))}"' for piece in pieces)


def _escaped(byte: int) -> str:
    char = chr(byte)
    if char in '"\\':
        return f"\\{char}"
    return char if 32 <= byte < 127 else f"\\{byte:03d}"


def _record(type: str, host: str, domain: str, value: str) -> WantedRecord:
    """A record, whether the platform names it in full, relative to the domain, or as the domain itself."""
    base, name = normal_name(domain), normal_name(host)
    if name in ("", "@", base):
        return WantedRecord(cast("RecordType", type), base, "@", value)
    relative = name.removesuffix(f".{base}")
    return WantedRecord(cast("RecordType", type), f"{relative}.{base}", relative, value)


def _address_type(address: str) -> str:
    try:
        return "AAAA" if ip_address(address.strip()).version == 6 else "A"
    except ValueError:
        return "A"
