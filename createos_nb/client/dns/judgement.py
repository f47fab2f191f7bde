"""What is there against what is wanted: each record judged by what name servers have answered about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from createos_nb.client.dns.records import WantedRecord, normal_value

#: What a name server has answered: values, none of that type, that there is no such name; or nothing that can be used.
Outcome = Literal["found", "no record", "no such name", "no answer"]
#: A record as it is: as wanted · not there · with other values · as wanted, beside values that don't belong there ·
#: otherwise on one name server than on another · not known, as no name server has answered.
RecordState = Literal["set", "missing", "wrong", "extra", "differs", "unknown"]


class Answer(NamedTuple):
    """What one name server has answered about one name.

    `cname`: the name whose records these are, where the name is another name of it; `reason`: why there is no answer.
    """

    server: str
    outcome: Outcome
    values: tuple[str, ...] = ()
    cname: str = ""
    reason: str = ""

    @property
    def text(self) -> str:
        """The answer in words."""
        through = f" (through a CNAME to {self.cname})" if self.cname else ""
        if self.outcome == "found":
            return f"is {', '.join(self.values)}{through}"
        if self.outcome == "no answer":
            return f"no answer: {self.reason}"
        return ("there is no such name" if self.outcome == "no such name" else "there is no such record") + through


class RecordLookup(NamedTuple):
    """A wanted record, and what name servers have answered; `complete`: all that were asked have."""

    record: WantedRecord
    state: RecordState
    answers: tuple[Answer, ...]
    complete: bool

    @property
    def found(self) -> tuple[str, ...] | None:
        """All values that are there, each once; None where nobody has answered."""
        if self.state == "unknown":
            return None
        return tuple(dict.fromkeys(value for answer in self.answers for value in answer.values))

    @property
    def is_awaited(self) -> bool:
        """Whether it has to become otherwise; not where it is not known: then others decide."""
        return self.state not in ("set", "unknown")

    @property
    def detail(self) -> str:
        """What each name server has answered, those together that say the same, and what to do about it."""
        servers: dict[str, list[str]] = {}
        for answer in self.answers:
            servers.setdefault(answer.text, []).append(answer.server)
        if len(servers) == 1 and self.complete:
            text = next(iter(servers))
        else:
            text = "; ".join(f"{', '.join(names)}: {answer}" for answer, names in servers.items())
        advice = self.advice
        return text + (f" → {advice}" if advice else "")

    @property
    def advice(self) -> str:
        """What to do about it; "" where nothing is to be done."""
        if self.state == "missing":
            return "create it"
        if self.state == "wrong":
            return _near(self.record, self.found or ()) or "set it to the value that is wanted"
        if self.state == "extra":
            return "delete the other values: whoever gets one of them does not come here"
        if self.state == "differs":
            return "it has not spread to all name servers yet: wait"
        return ""


def judge(record: WantedRecord, answers: Sequence[Answer], others: Sequence[str] = ()) -> RecordLookup:
    """Judge a record by the name servers that have answered.

    Args:
        record: what is wanted.
        answers: what each name server has answered about its name.
        others: values that are wanted at the same name beside it.

    Returns:
        The record with its state. One that no name server has answered about is unknown, never missing.
    """
    usable = [answer for answer in answers if answer.outcome != "no answer"]
    allowed = {normal_value(record.type, value) for value in (record.value, *others)}
    states = {_state(record, answer, allowed) for answer in usable}
    state: RecordState = "unknown" if not states else states.pop() if len(states) == 1 else "differs"
    return RecordLookup(record, state, tuple(answers), len(usable) == len(answers) > 0)


def _state(record: WantedRecord, answer: Answer, allowed: set[str]) -> RecordState:
    if answer.outcome != "found":
        return "missing"
    values = {normal_value(record.type, value) for value in answer.values}
    if normal_value(record.type, record.value) not in values:
        return "wrong"
    # texts for others may stand at the same name; an address that is no one's here takes visitors away
    return "set" if record.type == "TXT" or values <= allowed else "extra"


def _near(record: WantedRecord, found: Sequence[str]) -> str:
    """What is wrong with a text that is nearly the wanted one; "" where none is."""
    if record.type != "TXT":
        return ""
    for value in found:
        if value.strip() == record.value:
            return "take the spaces around it away"
        if value.strip().strip("\"'“”") == record.value:
            return "take the quotation marks away: the registrar sets them itself"
        if value.lower() == record.value.lower():
            return "upper and lower case count: copy the value as it is"
    return ""
