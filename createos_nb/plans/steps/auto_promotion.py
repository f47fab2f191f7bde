"""The step that holds or releases the auto-promotion of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.plans.snapshot import name_of
from createos_nb.plans.steps.environments import Update, accepted, target_of, texts_of

if TYPE_CHECKING:
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.projects import Project


def promotion_step(
    project: Project, environment: Environment, on: bool, why: str, allow: bool
) -> tuple[Update, list[str]]:
    """Return the step that switches auto-promotion, and warnings; texts are changed only if that is allowed."""
    before: dict[str, Any] = {"auto-promote": bool(environment.is_auto_promote_enabled)}
    after: dict[str, Any] = {"auto-promote": on}
    warnings = []
    for field, current in texts_of(environment).items():
        text = accepted(field, current, name_of(environment))
        if text is None:
            continue
        if allow:
            before[field], after[field] = current, text
            warnings.append(
                f"the {field} of {name_of(environment)} becomes {text!r}, for the platform does not take back "
                f"{current!r}; it can't be set back"
            )
        else:
            warnings.append(
                f"auto-promotion can't be switched while the {field} is {current!r}, which the platform "
                f"does not take back: allow_description_change=True lets the plan change it to {text!r}"
            )
    return Update(target=target_of(project, environment), why=why, before=before, after=after), warnings
