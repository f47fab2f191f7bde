"""A new project's settings as they are sent: no empty fields, and a word on what would be refused."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import createos_nb
from createos_nb.errors import CreationWarning, Invalid

SOURCE = {"vcs_name": "github", "vcs_installation_id": "1", "vcs_repo_id": "2"}
NAMES = {"unique_name": "shop", "display_name": "shop", "type": "vcs"}


def test_empty_commands_and_an_empty_folder_are_left_out_whichever_way_they_come(wire: Any) -> None:
    client, seen = wire.client(wire.ok({"id": "1"}, 201))
    settings = {"port": 80, "framework": "nextjs", "installCommand": "", "build_dir": "", "runCommand": "npm start"}
    client.projects.create(**NAMES, source=SOURCE, settings=settings)
    wired = {"port": 80, "framework": "nextjs", "buildCommand": "", "runCommand": "npm start"}
    source = {"vcsName": "github", "vcsInstallationId": "1", "vcsRepoId": "2"}
    client.call("CreateProject", **NAMES, source=source, settings=wired)
    assert [body["settings"] for body in seen.bodies] == [
        {"port": 80, "framework": "nextjs", "runCommand": "npm start"},
        {"port": 80, "framework": "nextjs", "runCommand": "npm start"},
    ]
    assert settings["installCommand"] == wired["buildCommand"] == ""


def test_what_would_be_refused_is_said_before_it_is_sent(wire: Any) -> None:
    client, seen = wire.client(wire.ok({"id": "1"}, 201))
    with pytest.warns(CreationWarning, match=r"settings\.port is required.*settings\.installCommand.*April 2026"):
        client.projects.create(**NAMES, source=SOURCE, settings={"runtime": "node:20"})
    assert len(seen) == 1  # the platform has the last word
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(CreationWarning):
            client.projects.create(**NAMES, source=SOURCE, settings={"runtime": "node:20"})
        client.projects.create(**NAMES, source=SOURCE, settings={"framework": "nextjs", "port": 3000})
        client.projects.create(**{**NAMES, "type": "upload"}, settings={"buildDir": ""})
    assert len(seen) == 3
    assert seen.bodies[-1]["settings"] == {"buildDir": ""}


def test_the_warning_and_the_refusal_say_the_same() -> None:
    client = createos_nb.simulate()
    source = {name: str(client.projects.get("storefront")[f"source_{name}"]) for name in SOURCE}
    settings = {"runtime": "node:20"}
    with pytest.warns(CreationWarning) as warned, pytest.raises(Invalid) as refused:
        client.projects.create(**NAMES, source=source, settings=settings)
    assert refused.value.status == 400
    assert refused.value.reason in str(warned[0].message)
