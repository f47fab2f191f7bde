"""The alert of a drill: what a monitor, a user or a colleague would write, never what is the matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

from createos_nb.html import escaped
from createos_nb.simulator.traffic import Cause

if TYPE_CHECKING:
    from createos_nb.training.drills.family import Symptom
    from createos_nb.training.drills.problem import Problem

Source = Literal["monitor", "user", "colleague"]

#: By what an alert tells of: who writes it, and what.
_TEXTS: Final[Mapping[Symptom, tuple[tuple[Source, str], ...]]] = {
    "errors": (
        ("monitor", "[FIRING] {place}: {percent} of requests answered with 5xx over the last 15 minutes"),
        ("user", "Support: several people write that {project} shows them an error page, not every time. Please look."),
        ("colleague", "Is something up with {project}? I get errors now and then, and reloading sometimes helps."),
    ),
    "bursts": (
        ("monitor", "[FIRING] {place}: errors in bursts today, quiet in between"),
        ("user", "Support: every few hours {project} fails for a moment, then works again. It is not the first time."),
        ("colleague", "{project} keeps having short outages today. Nothing right now, but it will come back."),
    ),
    "refusals": (
        ("monitor", "[FIRING] {place}: {refused} of requests answered with 4xx over the last 15 minutes"),
        ("user", "Support: people say that things in {project} are not found. Is that us?"),
        ("colleague", "I see a lot of 4xx at {project}. Could somebody have a look?"),
    ),
    "build": (
        ("monitor", "[FIRING] {project}: the newest deployment is not ready"),
        ("user", "The change that I was promised for {project} is still not there. When will it be?"),
        ("colleague", "I pushed to {project} a while ago, and it still shows the old version. What is wrong?"),
    ),
    "key": (
        ("monitor", "[FIRING] a job that asks the platform's API: refused"),
        ("user", "The report that comes each night did not come, or will it? Please check whether all is in order."),
        (
            "colleague",
            "Something that asks the platform in our name is refused, or soon will be. Can you find out which?",
        ),
    ),
    "quota": (
        ("monitor", "[FIRING] set-up of a new service: the platform refuses with 429"),
        ("user", "I can't get what I need for my new service: the platform refuses it each time."),
        ("colleague", "I wanted to add something to the account, and get 429 however long I wait. Please help."),
    ),
    "domain": (
        ("monitor", "[FIRING] {project}: far fewer visitors than at this time yesterday"),
        ("user", "Support: somebody sees another company's page at the address of {project}."),
        ("colleague", "The orders from {project} have dried up, and I see no errors anywhere. Can you look?"),
    ),
    "scan": (
        ("monitor", "[FIRING] weekly security report: a red line for {project}"),
        ("user", "A customer's security officer asks whether {project} is safe to use. What do we answer?"),
        ("colleague", "Before the audit: is there anything about {project} that we should know?"),
    ),
    "crowd": (
        ("monitor", "[FIRING] {place}: requests far above the usual number"),
        ("user", "Is {project} coping? Our newsletter has just gone out."),
        ("colleague", "The traffic of {project} looks like an attack. Should we do something?"),
    ),
    "release": (
        ("monitor", "[FIRING] {place}: a new version is live, check it"),
        ("user", "Support: one customer says that {project} looked odd just now, after an update."),
        ("colleague", "There was a release of {project} minutes ago. Somebody said it is slow. Roll it back?"),
    ),
    "past": (
        ("monitor", "[FIRING] {place}: synthetic check failed once"),
        ("user", "Support: a customer could not open {project} earlier today."),
        ("colleague", "Did {project} have a problem today? Somebody mentioned errors."),
    ),
}


@dataclass(frozen=True)
class Alert:
    """What a person would get.

    Attributes:
        time: when it came (UTC).
        source: who writes it: "monitor", "user" or "colleague".
        text: what it says.
        where: the place that a monitor would label it with: "project/environment", "project", or "" for the account. It
            is where it shows, which need not be where the cause is.
    """

    time: pd.Timestamp
    source: Source
    text: str
    where: str

    def __str__(self) -> str:
        return f"{self.time:%Y-%m-%d %H:%M} UTC, {self.source}: {self.text}"

    def _repr_html_(self) -> str:
        return f"<p><b>{self.time:%H:%M} UTC, {escaped(self.source)}</b>: {escaped(self.text)}</p>"


def alert_of(problem: Problem) -> Alert:
    """Return the alert of a problem; the same problem has the same."""
    random = Random(f"alert {problem.scenario.start} {problem.seed}")
    project, environment = _shown(problem)
    source, text = random.choice(_TEXTS[problem.symptom])
    place = f"{project}/{environment}"
    failing, refused, total = _figures(problem, place)
    if problem.symptom == "errors" and source == "monitor" and failing < 1:
        # between two bursts, or at night
        source, text = _TEXTS["errors"][1]
    words = {
        "project": project,
        "place": f"{project} / {environment}",
        "percent": f"{100 * failing / max(total, 1):.1f} %",
        "refused": f"{100 * refused / max(total, 1):.1f} %",
    }
    where = {"build": project, "scan": project, "domain": project, "key": "", "quota": ""}.get(problem.symptom, place)
    return Alert(problem.world.now, source, text.format(**words), where)


def _shown(problem: Problem) -> tuple[str, str]:
    """Return project and environment where it shows."""
    causes = problem.causes
    # what a consequence shows is what people see
    shown = next((cause for cause in causes if cause.cause == "internal_dependency"), causes[0] if causes else None)
    sections = problem.scenario.projects
    name = shown.where.partition("/")[0] if shown is not None else sections[0].name
    section = next((one for one in sections if one.name == name), None)
    if section is None and shown is not None:
        section = next((one for one in sections if any(shown.where == domain.name for domain in one.domains)), None)
    section = section or sections[0]
    return section.name, section.environments[0].name


def _figures(problem: Problem, place: str) -> tuple[int, int, int]:
    """Return how many requests of the last 15 minutes failed with 5xx, were answered with 4xx, and came."""
    _, environment = problem.world.find_environment(place)
    now = problem.start // 1_000_000
    answers = list(problem.world.traffic_of(environment).answers(now - 900, now))
    failing = sum(count for cell, count in answers if cell.status >= 500 and cell.cause is not Cause.SERVED)
    refused = sum(count for cell, count in answers if 400 <= cell.status < 500)
    return failing, refused, sum(count for _, count in answers)
