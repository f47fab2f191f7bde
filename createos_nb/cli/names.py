"""Names for completion: what was read last is kept in a small file, and nobody is asked."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import platformdirs

from createos_nb.cli.current_client import current
from createos_nb.client.connect.live import LIVE

if TYPE_CHECKING:
    from cyclopts.completion import CompletionContext

    from createos_nb.client.client import Client

#: The environment variable that names the file; "0" keeps no names.
VARIABLE: Final = "CREATEOS_NB_NAMES"
#: Accounts and worlds whose names are kept, the newest.
_MOST: Final = 30


def path() -> Path | None:
    """Return the file of the names.

    Returns:
        `CREATEOS_NB_NAMES`, or `names.json` in the user's cache folder; None where names are not kept.

    Examples:
        >>> from createos_nb.cli import names
        >>> names.path() is not None
        True
    """
    named = os.environ.get(VARIABLE, "").strip()
    if named == "0":
        return None
    return (
        Path(named).expanduser()
        if named
        else platformdirs.user_cache_path("createos-nb", appauthor=False) / "names.json"
    )


def remember(client: Client, target: str) -> None:
    """Keep the names that a client has read; what can't be written is not kept.

    Args:
        client: The client, after its work.
        target: How the account was named: "live", "live:PROFILE", or a world.

    Examples:
        >>> from createos_nb.cli import names
        >>> client = createos_nb.simulate("bad-release")
        >>> _ = client.fleet.environments()
        >>> names.remember(client, "bad-release")
        >>> names.known("bad-release")
        {'storefront': ['production', 'staging']}
    """
    seen, file = _seen(client), path()
    if file is None or not seen:
        return
    before = _read(file)
    key = _key(target)
    old = before.get(key, {})
    # environments are listed project by project: those of a project that was not asked for stay known
    merged = {**old, **{project: found or old.get(project, []) for project, found in seen.items()}}
    if merged == old:
        return
    kept = dict(list({**{name: value for name, value in before.items() if name != key}, key: merged}.items())[-_MOST:])
    from createos_nb.storage import atomic_write, private_folder

    try:
        private_folder(file.parent)
        atomic_write(file, json.dumps(kept, ensure_ascii=False).encode())
    except OSError:
        return


def known(target: str) -> dict[str, list[str]]:
    """Return the names that were read last, without asking anybody.

    Args:
        target: How the account is named.

    Returns:
        Names of environments by the name of their project.

    Examples:
        >>> from createos_nb.cli import names
        >>> names.known("a-world-that-nobody-opened")
        {}
    """
    client, file = current(), path()
    if client is not None and target == LIVE:  # a notebook's own, where no account is named
        return _seen(client)
    return _read(file).get(_key(target), {}) if file is not None else {}


def complete_projects(context: CompletionContext) -> list[str]:
    """Complete the name of a project.

    Args:
        context: What was typed so far.

    Returns:
        Names, from which the shell takes those that begin so.
    """
    return list(known(_target(context)))


def complete_environments(context: CompletionContext) -> list[str]:
    """Complete the name of an environment, of the project that was typed before it.

    Args:
        context: What was typed so far.

    Returns:
        Names, from which the shell takes those that begin so.
    """
    environments = known(_target(context))
    project = _typed(context, "PROJECT", "--project")
    names = environments.get(project, []) if project else [name for some in environments.values() for name in some]
    return list(dict.fromkeys(names))


def complete_places(context: CompletionContext) -> list[str]:
    """Complete PROJECT/ENVIRONMENT.

    Args:
        context: What was typed so far.

    Returns:
        Names, from which the shell takes those that begin so.
    """
    return [f"{project}/{name}" for project, some in known(_target(context)).items() for name in some]


def complete_scenarios(context: CompletionContext) -> list[str]:
    """Complete the name of a scenario: those that are brought along, and those of packages.

    Args:
        context: What was typed so far.

    Returns:
        Names, from which the shell takes those that begin so.
    """
    from createos_nb import extensions
    from createos_nb.simulator.scenario.files import built_in

    own = built_in()
    return [*own, *extensions.names("scenarios", own)]


def complete_profiles(context: CompletionContext) -> list[str]:
    """Complete the name of a profile of the config file.

    Args:
        context: What was typed so far.

    Returns:
        Names, from which the shell takes those that begin so.
    """
    from createos_nb.client.connect import profiles

    return list(profiles.read().profiles)


def _seen(client: Client) -> dict[str, list[str]]:
    seen = client.session.seen
    return {project: seen.names("environment", project) for project in seen.names("project")}


def _target(context: CompletionContext) -> str:
    if world := _typed(context, "--scenario", "--world"):
        return world
    profile = _typed(context, "--profile")
    return f"{LIVE}:{profile}" if profile else LIVE


def _typed(context: CompletionContext, *options: str) -> str:
    for option in options:
        value: Any = context.get(option)
        if value is not None and value.raw:
            return str(value.raw)
    return ""


def _key(target: str) -> str:
    if target.partition(":")[0] != LIVE:
        return target
    # no part of a key is kept: who changes CREATEOS_API_KEY alone is shown the names of the account before
    place = [os.environ.get(name, "").strip() for name in ("CREATEOS_API_URL", "CREATEOS_PROFILE")]
    return " ".join([target, *filter(None, place)])


def _read(file: Path) -> dict[str, dict[str, list[str]]]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(document, Mapping):
        return {}
    return {str(key): names for key, names in document.items() if isinstance(names, dict)}
