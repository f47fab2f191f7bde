"""What is launched: files, an image or a repository, and the settings that are found in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from createos_nb.contract.creation import creation_problems
from createos_nb.contract.fields import field_names, respelled
from createos_nb.contract.projects import SupportedType
from createos_nb.contract.types import ImageSettings, UploadSettings, VcsSettings
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.plans.steps.deployments import full_name_of
from createos_nb.redaction import Secret
from createos_nb.uploads import select
from createos_nb.uploads.detection import Detection, Supported, detect

if TYPE_CHECKING:
    from createos_nb.contract.types import ProjectType
    from createos_nb.plans.snapshot import Snapshot

_KINDS: Final[Mapping[ProjectType, type[msgspec.Struct]]] = {
    "vcs": VcsSettings,
    "image": ImageSettings,
    "upload": UploadSettings,
}
_REPOSITORY: Final = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<branch>\S+))?", re.ASCII)
#: What of a pattern's settings holds where a Dockerfile or Build AI decides the build.
_OF_ANY_BUILD: Final = ("port",)

Variables = Mapping[str, str | Secret]


class PatternSetting(NamedTuple):
    """A setting of a pattern, which one that is given replaces; "{port}" in a text stands for the port."""

    value: str | int
    reason: str


class Origin(NamedTuple):
    """What is launched: its type, its settings, and of a repository where it is."""

    type: ProjectType
    detection: Detection
    source: Mapping[str, str]
    repository: str
    branch: str


def origin_of(
    snapshot: Snapshot,
    what: str,
    given: Mapping[str, Any],
    own: dict[str, Any],
    pattern: Mapping[str, PatternSetting],
) -> Origin:
    """Return what is launched.

    Args:
        snapshot: of the account.
        what: what is being made, which each error begins with.
        given: source, image and repository, of which one is not None.
        own: the given settings, in the wire's spelling.
        pattern: settings of a pattern, in the wire's spelling.
    """
    if own.get("hasDockerfile") or own.get("useBuildAI"):
        pattern = {name: pattern[name] for name in _OF_ANY_BUILD if name in pattern}
    fields = field_names((_KINDS[kind_of(given, what)],)).values()
    pattern = {name: setting for name, setting in pattern.items() if name in fields}
    merged = {name: setting.value for name, setting in pattern.items()} | own
    merged = {name: value for name, value in merged.items() if value is not None and value != ""}
    search = not any(own.get(name) for name in ("runtime", "framework"))
    merged |= {
        name: merged[name].format(port=merged.get("port"))
        for name in pattern
        if name in merged and isinstance(merged[name], str) and own.get(name) is None
    }
    if given["repository"] is not None:
        origin = _of_repository(snapshot, what, given["repository"], merged, search=search)
    elif given["image"] is not None:
        origin = Origin("image", _of_image(what, merged), {}, "", "")
    else:
        origin = Origin("upload", _of_files(snapshot, what, given["source"], merged, search=search), {}, "", "")
    reasons = {name: setting.reason for name, setting in pattern.items() if own.get(name) is None and name in merged}
    origin.detection.reasons.update(reasons)
    return origin


def kind_of(given: Mapping[str, Any], what: str) -> ProjectType:
    """Return the type of the project. Raises `InvalidInput` unless one thing to launch is given."""
    chosen = [key for key, value in given.items() if value is not None]
    if len(chosen) != 1:
        found = f"{' and '.join(chosen)} are given" if chosen else "nothing is given to launch"
        raise InvalidInput(f"{what}: {found}: give one of source= (files), image= and repository=")
    return "vcs" if chosen == ["repository"] else "image" if chosen == ["image"] else "upload"


def own_settings(
    kind: ProjectType, what: str, settings: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Secret | None]]:
    """Return the given settings in the wire's spelling, and apart from them the variables of the build.

    A setting that is None stays: it leaves out the one of a pattern.
    """
    if not isinstance(settings or {}, Mapping):
        raise InvalidInput(f"{what}: settings: a map such as {{'port': 3000}}, not {type(settings).__name__}")
    own = respelled(settings or {}, field_names((_KINDS[kind],)), f"{what}: settings of a project of type {kind}")
    if "runEnvs" in own:
        raise InvalidInput(f"{what}: run_envs are the environment's variables: give variables={{…}}")
    build = secrets_of(own.pop("buildVars", None), "build_vars", what)
    own = {name: None if value == "" else value for name, value in own.items()}
    stated = {name: value for name, value in own.items() if value is not None}
    if kind != "image" or "port" in stated:  # a missing port of an image has an error of its own
        try:
            msgspec.convert(stated, _KINDS[kind])
        except msgspec.ValidationError as error:
            raise InvalidInput(f"{what}: settings: {error}") from None
    return own, build


def secrets_of(variables: Variables | None, name: str, what: str) -> dict[str, Secret | None]:
    """Return the values of variables, masked. Raises `InvalidInput`."""
    if not isinstance(variables or {}, Mapping):
        raise InvalidInput(f"{what}: {name}: a map from name to text, not {type(variables).__name__}")
    for key, value in (variables or {}).items():
        if not isinstance(key, str) or not key or not isinstance(value, str | Secret):
            raise InvalidInput(f"{what}: {name}: {key!r} has to be a name with a text, not {type(value).__name__}")
    return {key: value if isinstance(value, Secret) else Secret(value) for key, value in (variables or {}).items()}


# --- what each kind tells ---------------------------------------------------------------------------------------------


def _of_image(what: str, own: dict[str, Any]) -> Detection:
    if "port" not in own:
        raise InvalidInput(
            f"{what}: an image does not say its port: give settings={{'port': …}}, where the app listens"
        )
    return Detection(own, dict.fromkeys(own, "given"))


def _of_files(snapshot: Snapshot, what: str, source: Any, own: dict[str, Any], *, search: bool) -> Detection:
    selection = select(source)
    if selection.problems:
        raise InvalidInput(f"{what}: source can't be uploaded: " + "; ".join(selection.problems))
    return _detected(
        {row.path: row.data for row in selection.included}, snapshot, what, own, static=True, search=search
    )


def _of_repository(snapshot: Snapshot, what: str, repository: Any, own: dict[str, Any], *, search: bool) -> Origin:
    match = _REPOSITORY.fullmatch(repository) if isinstance(repository, str) else None
    if match is None:
        raise InvalidInput(f"{what}: repository: owner/name, or owner/name@branch, not {repository!r}")
    accounts = snapshot.github_accounts()
    if not accounts:
        raise InvalidInput(f"{what}: no GitHub account is connected: createos_nb.runbooks.connect_github says how")
    owner = match["name"].partition("/")[0].lower()
    # not sorted in place: the snapshot keeps the list
    accounts = sorted(accounts, key=lambda account: (account.username or "").lower() != owner)
    granted: list[str] = []
    for account in accounts:
        for row in snapshot.repositories(str(account.installation_id)):
            full_name = full_name_of(row)
            granted.append(full_name)
            if full_name.lower() != match["name"].lower():
                continue
            branch = match["branch"] or row.default_branch or row.default_branch_again or "main"
            installation = str(account.installation_id)
            branches = snapshot.branches(installation, full_name)
            if branch not in branches:
                raise UnknownName("branch", branch, branches, f"repository {full_name!r}")
            source = {"vcsName": "github", "vcsInstallationId": installation, "vcsRepoId": str(row.id)}
            return Origin(
                "vcs",
                _of_tree(snapshot, what, installation, full_name, branch, own, search=search),
                source,
                full_name,
                branch,
            )
    hint = "the connected accounts; a repository that is missing is granted in GitHub's settings"
    raise UnknownName("repository", match["name"], granted, hint)


def _of_tree(
    snapshot: Snapshot, what: str, installation: str, name: str, branch: str, own: dict[str, Any], *, search: bool
) -> Detection:
    """The settings that the names in a repository's tree tell."""
    tree = snapshot.client.github.content(installation, repository=name, branch=branch)
    if not tree.attrs.get("complete", True):
        if problems := creation_problems(own):
            raise InvalidInput(
                f"{what}: the platform cuts the file tree of {name} short, so that its settings can't be found: give "
                f"them in settings= ({'; '.join(problems)})"
            )
        return Detection(own, dict.fromkeys(own, "given"))
    files: dict[str, bytes | None] = dict.fromkeys(tree.loc[tree["type"] == "blob", "path"].astype(str).tolist())
    return _detected(files, snapshot, what, own, static=False, search=search)


def _detected(
    files: Mapping[str, bytes | None],
    snapshot: Snapshot,
    what: str,
    own: dict[str, Any],
    *,
    static: bool,
    search: bool,
) -> Detection:
    supported = [_supported(row) for row in snapshot.supported_types()]
    try:
        return detect(files, supported, own, static=static, search=search)
    except InvalidInput as error:
        raise InvalidInput(f"{what}: {error}") from None


def _supported(row: SupportedType) -> Supported:
    editables = {name: spec for name, spec in (row.editables or {}).items() if isinstance(spec, Mapping)}
    defaults = {name: spec["default"] for name, spec in editables.items() if spec.get("default") is not None}
    return Supported(row.name or "", row.type == "framework", tuple(row.runtimes or ()), defaults)
