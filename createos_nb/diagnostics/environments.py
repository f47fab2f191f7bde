"""Two environments of a project beside each other: settings, resources, and variables without their values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import pandas as pd
from msgspec.structs import asdict

from createos_nb.contract import find
from createos_nb.contract.deployments import Deployment, DeploymentSource
from createos_nb.contract.environments import Environment, EnvironmentVariables, Resources
from createos_nb.contract.row import Settings
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput, NotFound, UnknownName
from createos_nb.frames.structs import struct_of, structs_of
from createos_nb.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from createos_nb.client.client import Client

_COLUMNS: Final = ("kind", "name", "first", "second", "same")
_SECRET_MAPS: Final = ("build_vars", "run_envs")

#: The kind of what the platform gives, by the beginning of its name; all else is of the environment.
_KINDS: Final = {"live.settings": "settings", "live": "live", "settings": "variables", "resources": "resources"}
#: Kind and name of a row.
_Key: TypeAlias = tuple[str, str]
#: A row, in the order of the columns.
_Compared: TypeAlias = tuple[str, str, str | None, str | None, bool | None]


class _Environment(NamedTuple):
    """An environment with what is live in it, and what of both could not be read."""

    row: Environment
    live: Deployment | None
    unread: tuple[str, ...]


def compare_environments(client: Client, project: str, first: str, second: str) -> pd.DataFrame:
    """Compare two environments of a project: what is live, its settings, the resources, and the variables by name.

    Of a variable it says whether both have it, and whether the values are equal: a value is never shown.

    Args:
        client: An open client, of the platform or of a simulated world.
        project: A project: its unique name or id.
        first: One environment: its unique name or id.
        second: The other one.

    Returns:
        One row for each thing that at least one of them has. Columns: `kind` ("environment", "resources", "live": the
        deployment, "settings": those that it was deployed with, "variables": of the environment), `name`, `first` and
        `second` (str; NA where it has none; of a variable "set" or "not set"), `same` (boolean; NA where one can't be
        read). `attrs` name the project, both environments, and in `unread` what the platform gives otherwise than it
        declares.

    Raises:
        UnknownName: There is no such project or environment; the message lists what there is.
        InvalidInput: Both are the same environment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> found = createos_nb.diagnostics.compare_environments(client, "storefront", "production", "staging")
        >>> found.loc[~found["same"] & found["kind"].isin(["resources", "variables"])]
                 kind            name first second   same
        3   resources             cpu   500    300  False
        4   resources          memory  1024    768  False
        5   resources        replicas     3      1  False
        20  variables    DATABASE_URL   set    set  False
        21  variables       LOG_LEVEL   set    set  False
        22  variables  SESSION_SECRET   set    set  False
    """
    rows, project_id = _rows(client, project)
    (one, unread), (other, unread_other) = _find(rows, first, project), _find(rows, second, project)
    if one.id == other.id:
        raise InvalidInput(f"compare_environments: both are {one.unique_name}: name two environments")
    lives = {row.project_deployment_id for row in (one, other)} - {None, ""}
    deployments = {live: _deployment(client, project_id, live) for live in lives if live}
    sides = []
    for row, missing in ((one, unread), (other, unread_other)):
        live, more = deployments.get(row.project_deployment_id or "") or (None, ())
        sides.append(_Environment(row, live, (*missing, *(f"live.{name}" for name in more))))
    left, right = (dict(_facts(side)) for side in sides)
    frame = pd.DataFrame([_row(key, sides, left, right) for key in _keys(left, right)], columns=list(_COLUMNS))
    frame = frame.astype({**dict.fromkeys(_COLUMNS[:-1], TEXT), "same": "boolean"})
    frame.attrs |= {"where": client.where, "project": project, "first": one.unique_name, "second": other.unique_name}
    frame.attrs["unread"] = [f"{side.row.unique_name}: {name}" for side in sides for name in side.unread]
    return frame


def _rows(client: Client, project: str) -> tuple[list[tuple[Environment, tuple[str, ...]]], str]:
    """The environments of a project, each with what of it can't be read; and the project's id."""
    operation = find("ListProjectEnvironments")

    def run(values: dict[str, Any]) -> tuple[list[tuple[Environment, tuple[str, ...]]], str]:
        rows = client.session.rows(operation.name, **values)
        return [struct_of(Environment, row) for row in rows], str(values["project_id"])

    return client.session.with_ids(operation, {"project": project}, run)


def _find(
    rows: list[tuple[Environment, tuple[str, ...]]], environment: str, project: str
) -> tuple[Environment, tuple[str, ...]]:
    for row, unread in rows:
        if environment in (row.unique_name, row.id):
            return row, unread
    names = [str(row.unique_name) for row, _ in rows]
    raise UnknownName("environment", environment, names, f"project {project!r}")


def _deployment(client: Client, project: str, deployment: str) -> tuple[Deployment, tuple[str, ...]] | None:
    """None where it is gone."""
    try:
        payload = client.call("GetDeployment", project_id=project, deployment_id=deployment)
    except NotFound:
        return None
    return structs_of(find("GetDeployment"), Deployment, payload)[0]


def _facts(side: _Environment) -> Iterator[tuple[_Key, Any]]:
    """What an environment has, by kind and name; nothing that it has not."""
    row, live, _ = side
    facts: list[tuple[_Key, Any]] = [
        (("environment", "status"), row.status),
        (("environment", "branch"), row.branch),
        (("environment", "auto_promote"), bool(row.is_auto_promote_enabled)),
    ]
    facts += [(("resources", name), value) for name, value in asdict(row.resources or Resources()).items()]
    if live is not None:
        source = live.source or DeploymentSource()
        facts += [
            (("live", "version"), f"v{live.version_number}"),
            (("live", "status"), live.status),
            (("live", "commit"), source.commit),
            (("live", "image"), source.image),
        ]
        facts += _settings(live.settings or Settings())
    variables = (row.settings or EnvironmentVariables()).run_envs or {}
    facts += [(("variables", name), Secret(value)) for name, value in sorted(variables.items())]
    yield from ((key, value) for key, value in facts if isinstance(value, Secret) or value not in (None, "", []))


def _settings(settings: Settings) -> Iterator[tuple[_Key, Any]]:
    for name, value in asdict(settings).items():
        if isinstance(value, dict):
            for entry, held in sorted(value.items()):
                yield ("settings", f"{name}.{entry}"), Secret(held) if name in _SECRET_MAPS else held
        else:
            yield ("settings", name), value


def _keys(left: Mapping[_Key, Any], right: Mapping[_Key, Any]) -> list[_Key]:
    """All of both, those of a kind together."""
    kinds = ("environment", "resources", "live", "settings", "variables")
    return sorted({**left, **right}, key=lambda key: kinds.index(key[0]))


def _row(key: _Key, sides: list[_Environment], left: Mapping[_Key, Any], right: Mapping[_Key, Any]) -> _Compared:
    one, other = left.get(key), right.get(key)
    secret = isinstance(one, Secret) or isinstance(other, Secret)
    values = (one, other)
    unknown = [value is None and key[0] in _unread_kinds(side) for side, value in zip(sides, values, strict=True)]
    first, second = (None if missing else _text(value, secret) for missing, value in zip(unknown, values, strict=True))
    return (*key, first, second, None if any(unknown) else one == other)


def _unread_kinds(side: _Environment) -> set[str]:
    """The kinds of which something could not be read: what is absent there may be set."""
    return {
        next((kind for prefix, kind in _KINDS.items() if name.startswith(prefix)), "environment")
        for name in side.unread
    }


def _text(value: Any, secret: bool) -> str | None:
    if secret:
        return "not set" if value is None else "set"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return None if value is None else str(value)
