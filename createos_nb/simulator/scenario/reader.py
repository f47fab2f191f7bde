"""Reading a scenario's file, with the line and field of whatever is wrong in it."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import msgspec

from createos_nb.errors import InvalidInput
from createos_nb.naming import nearest
from createos_nb.simulator.scenario.files import scenario_path
from createos_nb.simulator.scenario.schema import Scenario
from createos_nb.simulator.scenario.steps import STEPS
from createos_nb.simulator.times import DAY, duration, from_datetime
from createos_nb.simulator.traffic import SCANNER, Behavior, BuildBehavior, Profile

T = TypeVar("T")
_AT: Final = re.compile(r"([+-]?\d+)d (\d\d):(\d\d)(?::(\d\d))?")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.+?)`")
_NAME: Final = re.compile(r"[a-z_]+")
_BOTS: Final = {"scanner": SCANNER}


class Source:
    """A scenario file that was read: what it says, and where each thing stands."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self._lines = lines_of(text)
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InvalidInput(f"scenario {name}: {error}") from None
        self.scenario = self._converted(data, Scenario, "")
        self.profiles = {
            key: self._converted(self._with_bots(key, facts), Profile, f"profiles.{key}")
            for key, facts in self.scenario.profiles.items()
        }
        self.behaviors = {
            key: self._converted(facts, Behavior, f"behaviors.{key}") for key, facts in self.scenario.behaviors.items()
        }
        self.sources = {
            key: self._converted(facts, BuildBehavior, f"sources.{key}") for key, facts in self.scenario.sources.items()
        }
        if self.scenario.start.tzinfo is None:
            raise self.error("start", "a time needs a zone, such as 2026-03-02T09:00:00Z")
        self.start = from_datetime(self.scenario.start)

    def _converted(self, data: Any, kind: type[T], where: str) -> T:
        if isinstance(data, dict) and dataclasses.is_dataclass(kind):
            # msgspec passes unknown fields of a dataclass over.
            names = [field.name for field in dataclasses.fields(kind)]
            for name in data:
                if name not in names:
                    raise self.error(f"{where}.{name}", f"unknown; there is: {', '.join(names)}{nearest(name, names)}")
        try:
            return msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            what, _, inside = str(error).partition(" - at `$")
            path = (where + inside.rstrip("`")).lstrip(".")
            if unknown := _UNKNOWN.search(what):
                names = _fields_at(path)
                what = f"unknown field; there is: {', '.join(names)}{nearest(unknown[1], names)}"
                path = f"{path}.{unknown[1]}".lstrip(".")
            elif path.endswith(".do") and what.startswith("Invalid value"):
                what = f"there is no step {what.removeprefix('Invalid value ')}; there is: {', '.join(STEPS)}"
            raise self.error(path, what) from None

    def _with_bots(self, name: str, facts: Any) -> Any:
        if isinstance(facts, dict) and isinstance(facts.get("bots"), list):
            return {**facts, "bots": [self._bot(bot, f"profiles.{name}.bots") for bot in facts["bots"]]}
        return facts

    def _bot(self, bot: Any, where: str) -> Any:
        if not isinstance(bot, str):
            return bot
        if bot not in _BOTS:
            raise self.error(where, f"there is no bot {bot!r}; there is: {', '.join(_BOTS)}")
        return msgspec.to_builtins(_BOTS[bot])

    def error(self, where: str, what: str) -> InvalidInput:
        """A mistake in the file, with its line and field."""
        # What is said of a section as a whole often names the field that it is about.
        named = (f"{where}.{name}" for name in _NAME.findall(what))
        where = next((path for path in named if path in self._lines), where)
        line = line_of(self._lines, where)
        place = f", line {line}" if line else ""
        return InvalidInput(f"scenario {self.name}{place}: {where or 'the file'}: {what}")

    def moment(self, text: str, where: str) -> int:
        """Microseconds of a time in the file."""
        if text == "now":
            return self.start
        if match := _AT.fullmatch(text):
            midnight = self.start - self.start % DAY
            clock = (int(match[2]) * 60 + int(match[3])) * 60 + int(match[4] or 0)
            if clock < 86_400:
                return midnight + int(match[1]) * DAY + clock * 1_000_000
        try:
            return self.start + duration(text)
        except ValueError:
            raise self.error(where, f'not a time: {text!r}; write "-6d 10:12", "-90min", "+10min" or "now"') from None


def _fields_at(path: str) -> list[str]:
    """Return the names that the section at a path may have; of a step those of all steps."""
    sections: list[Any] = [Scenario]
    for name in _STEP.findall(path):
        if not name.startswith("["):
            fields = [field for section in sections for field in msgspec.structs.fields(section)]
            kinds = [field.type for field in fields if field.encode_name == name]
            sections = [section for kind in kinds for section in _sections_in(kind)]
    return list(dict.fromkeys(name for section in sections for name in section.__struct_encode_fields__))


def _sections_in(kind: Any) -> list[type[msgspec.Struct]]:
    """Return the sections that a field's type names: itself, its items, or the parts of a union."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [section for inner in get_args(kind) for section in _sections_in(inner)]


def read_scenario(scenario: str | Path | Scenario) -> Source:
    """Read a scenario by its name, by the path of a file, or as it was made up.

    Raises `InvalidInput` for an unknown name and for a mistake in the file, with its line and field.
    """
    if isinstance(scenario, Scenario):
        return Source(scenario.name or scenario.title, scenario_toml(scenario))
    path = scenario_path(scenario)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidInput(f"scenario {path.name}: the file is not UTF-8") from None
    return Source(path.name, text)


def scenario_toml(scenario: Scenario) -> str:
    """Return a scenario as the text of a file, to be kept, edited and opened by its path.

    Args:
        scenario: as `fault_scenario` makes it up.

    Returns:
        TOML; the same scenario gives the same text.

    Examples:
        >>> text = createos_nb.simulator.scenario_toml(createos_nb.simulator.fault_scenario("capacity", seed=3))
        >>> text.splitlines()[0].startswith("title = ")
        True
    """
    import tomlkit

    return tomlkit.dumps(msgspec.to_builtins(scenario, builtin_types=(datetime,)))


_HEADER: Final = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ENTRY: Final = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"))*)\s*=""")
_STEP: Final = re.compile(r"[^.\[\]]+|\[\d+\]")
_QUOTED: Final = re.compile(r'"""|\'\'\'')


def lines_of(text: str) -> dict[str, int]:
    """Line numbers, from 1, by path, such as `projects[2].history[0].at`; a table stands where its header does."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table, fence = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            if line.count(fence) % 2:
                fence = ""
            continue
        if header := _HEADER.match(line):
            table = _table(header[2], header[1] == "[[", counts)
            lines.setdefault(table, number)
            continue
        if entry := _ENTRY.match(line):
            name = ".".join(part.strip().strip("\"'") for part in entry[1].split("."))
            lines.setdefault(f"{table}.{name}" if table else name, number)
        opened = _QUOTED.findall(line)
        if len(opened) % 2:
            fence = opened[-1]
    return lines


def _table(name: str, repeated: bool, counts: dict[str, int]) -> str:
    parts = [part.strip().strip("\"'") for part in name.split(".")]
    path = ""
    for depth, part in enumerate(parts):
        path = f"{path}.{part}" if path else part
        if depth == len(parts) - 1 and repeated:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path


def line_of(lines: dict[str, int], path: str) -> int | None:
    """The line of a path, or of the nearest thing around it that stands in a line of its own."""
    steps = _STEP.findall(path)
    while steps:
        whole = "".join(step if step.startswith("[") else f".{step}" for step in steps).lstrip(".")
        # Where a table is repeated and nothing says which, the first one is meant.
        for known in (whole, f"{whole}[0]"):
            if known in lines:
                return lines[known]
        steps.pop()
    return None
