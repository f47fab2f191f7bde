"""Reading a scenario's file, with the line and field of whatever is wrong in it."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from createos_nb.errors import InvalidInput
from createos_nb.naming import nearest
from createos_nb.simulator.scenario.files import scenario_path
from createos_nb.simulator.scenario.schema import Scenario
from createos_nb.simulator.scenario.steps import STEPS
from createos_nb.simulator.times import DAY, duration, from_datetime
from createos_nb.simulator.traffic import SCANNER, Behavior, BuildBehavior, Profile
from createos_nb.toml_fields import explain, line_of, lines_of

T = TypeVar("T")
_AT: Final = re.compile(r"([+-]?\d+)d (\d\d):(\d\d)(?::(\d\d))?")
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
            path, what = explain(error, Scenario, where)
            if path.endswith(".do") and what.startswith("Invalid value"):
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
