"""A build log as stages with times and, where it failed, as the line that says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from createos_nb.causes import CAUSES
from createos_nb.diagnostics.evidence.build_fixes import build_fix
from createos_nb.diagnostics.evidence.build_signals import read_build
from createos_nb.html import escaped
from createos_nb.panels.icons import icon, tag
from createos_nb.panels.plan.display import duration
from createos_nb.plans.events import LogLine

#: What is shown of a log: it goes on, it was deployed, it failed, nobody waits for it any more.
State = Literal["running", "passed", "failed", "stopped"]
#: What people call the platform's stages; another one is called as it is.
_NAMES: Final = {
    "queue": "Queue",
    "clone": "Fetch source",
    "upload": "Unpack",
    "install": "Install",
    "build": "Build",
    "push": "Push image",
    "deploy": "Start",
}
#: Stages that every build has, in their order: after a failure those that follow are not reached.
_ALWAYS: Final = ("build", "push", "deploy")
#: Stages that come before those.
_EARLIER: Final = ("queue", "clone", "upload", "unpack", "detect", "install")
#: Lines before and after the failing one that are not folded.
_BEFORE, _AFTER = 5, 4
#: Lines of these levels are coloured.
_ERRORS: Final = ("error", "fatal", "critical")


class Stage(NamedTuple):
    """A stage of a build: its name for people, and seconds, None where its times are not told."""

    name: str
    seconds: float | None


def stages_of(lines: Sequence[LogLine]) -> list[Stage]:
    """Return the stages that lines tell of, in their order; each ends where the next one begins."""
    begins: list[tuple[str, float | None]] = []
    for line in lines:
        if line.stage and (not begins or begins[-1][0] != line.stage):
            begins.append((line.stage, line.time))
    ends = [*(time for _, time in begins), lines[-1].time if lines else None][1:]
    return [
        Stage(_NAMES.get(stage, stage.capitalize()), None if begin is None or end is None else max(0.0, end - begin))
        for (stage, begin), end in zip(begins, ends, strict=True)
    ]


def not_reached(lines: Sequence[LogLine]) -> list[str]:
    """Return the names of the stages that a build that failed has not reached, as far as every build has them."""
    last = next((line.stage for line in reversed(lines) if line.stage), "")
    known = (*_EARLIER, *_ALWAYS)
    if last not in known:
        return []
    return [_NAMES[stage] for stage in _ALWAYS if known.index(stage) > known.index(last)]


def build_html(log: Iterable[LogLine], cut: int, state: State) -> str:
    """Return stages and log as HTML; `cut`: how many older lines are not among them."""
    lines = list(log)
    if not lines:
        return ""
    return f'<div class="createos-build">{_track(lines, state)}{_log(lines, cut, state)}</div>'


def _track(lines: Sequence[LogLine], state: State) -> str:
    stages = stages_of(lines)
    if not stages:
        return ""
    items = []
    for position, stage in enumerate(stages):
        sign = state if position == len(stages) - 1 else "passed"
        time = "" if stage.seconds is None else duration(stage.seconds)
        said = {"failed": "failed", "running": "going on", "stopped": "no longer waited for"}.get(sign, "")
        items.append(_stage(sign, stage.name, " · ".join(part for part in (said, time) if part)))
    if state == "failed":
        items += [_stage("not reached", name, "not reached") for name in not_reached(lines)]
    return f'<ol class="createos-stages" aria-label="Stages of the build">{"".join(items)}</ol>'


def _stage(sign: str, name: str, told: str) -> str:
    shape = "skipped" if sign in ("stopped", "not reached") else sign
    return (
        f'<li class="createos-stage-{sign.replace(" ", "-")}">{icon(shape)}<b>{escaped(name)}</b>'
        f'<span class="createos-note">{escaped(told)}</span></li>'
    )


def _log(lines: Sequence[LogLine], cut: int, state: State) -> str:
    gone = f'<div class="createos-gap">cut here: {cut:,} older lines</div>' if cut else ""
    if state != "failed":
        rows = "".join(_line(line, "") for line in lines)
        return _region(f"<div>{gone}{rows}</div>")
    signal = read_build(line.text for line in lines)
    at = max((place for place, line in enumerate(lines) if line.text.strip() == signal.line), default=len(lines) - 1)
    first, last = max(0, at - _BEFORE), min(len(lines), at + 1 + _AFTER)
    shown = "".join(
        _line(line, " createos-failing" if place == at else "") for place, line in enumerate(lines[first:last], first)
    )
    earlier = _folded(lines[:first], f"{first:,} earlier lines" if first > 1 else "1 earlier line")
    later = _folded(lines[last:], f"{len(lines) - last:,} more lines" if len(lines) - last > 1 else "1 more line")
    names = [name for name in (signal.package, signal.variable) if name]
    named = f": {', '.join(names)}" if names else ""
    cause = (
        f'<div class="createos-build-cause"><h4>Suggested cause {tag(signal.cause.replace("_", " "), "accent")}</h4>'
        f"<p>{escaped(CAUSES[signal.cause][:1].upper() + CAUSES[signal.cause][1:] + named)}.</p>"
        f'<p class="createos-fix">{icon("arrow")}<span><b>Fix:</b> {escaped(build_fix(signal).text)}</span></p></div>'
    )
    where = f"at the failing line, {at + 1 + cut} of {len(lines) + cut}"
    head = f'<h4>Build log <span class="createos-note">{where}</span></h4>'
    return f"{cause}{head}{_region(f'<div>{gone}{earlier}{shown}{later}</div>')}"


def _folded(lines: Sequence[LogLine], words: str) -> str:
    if not lines:
        return ""
    return f"<details><summary>{words}</summary>{''.join(_line(line, '') for line in lines)}</details>"


def _line(line: LogLine, more: str) -> str:
    level = " createos-error" if line.level in _ERRORS else ""
    return f'<div class="createos-build-line{level}{more}">{escaped(line.text)}\n</div>'


def _region(content: str) -> str:
    return f'<div class="createos-lines" role="log" tabindex="0" aria-label="Build log">{content}</div>'
