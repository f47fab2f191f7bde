"""The frame of best practices: what it says, what it costs, and what is accepted."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import createos_nb
from createos_nb import extensions
from createos_nb.diagnostics import best_practices
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.errors import ConfigurationError, UnknownName, UnneededExceptionWarning


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate("storefront")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def accept(text: str, folder: Path | None = None) -> Path:
    file = (folder or Path.cwd()) / "createos-nb.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_each_practice_has_a_row_for_each_place(client: Any) -> None:
    frame = best_practices(client)
    assert frame["code"].nunique() == 16
    assert not frame.duplicated(["code", "where"]).any()
    assert frame["held"].dtype == "boolean"
    environments = client.fleet.environments()
    places = set(environments["project"] + "/" + environments["unique_name"])
    for code in ("separate_secrets", "start_small", "descriptions", "no_unused", "port", "awake", "rollback_target"):
        assert set(frame.loc[frame["code"] == code, "where"]) == places, code
    projects = client.projects.list(status="active")["unique_name"]
    for code in ("no_secrets_in_code", "security_scan", "apps", "names"):
        assert set(frame.loc[frame["code"] == code, "where"]) == set(projects), code
    assert frame.attrs["skipped"] == {"winter-sale": "suspended"}
    assert frame.attrs["result"] == "FAIL"
    assert frame.attrs["complete"]


def test_what_is_broken_comes_first_the_gravest_before_all(client: Any) -> None:
    accept('[[exceptions]]\ncode = "names"\nreason = "the names are older than the apps"')
    frame = best_practices(client)
    ranks = [
        3 if row.held is True else 2 if isinstance(row.exception, str) else 0 if row.held is False else 1
        for row in frame.astype(object).itertuples()
    ]
    assert ranks == sorted(ranks)
    broken = frame.loc[[rank == 0 for rank in ranks], "severity"].map({"high": 0, "medium": 1, "low": 2}).tolist()
    assert broken == sorted(broken)
    assert frame.loc[frame["held"] == False, "fix"].notna().all()  # noqa: E712  # three values


def test_each_list_is_read_once(client: Any) -> None:
    """Three of the account, two for each of seven projects, one for each of thirteen environments with a version."""
    frame = best_practices(client)
    operations = client.log()["operation"].value_counts().to_dict()
    assert operations == {
        "ListProjects": 1,
        "ListApps": 1,
        "ListAPIKeys": 1,
        "ListProjectEnvironments": 7,
        "ListDeployments": 7,
        "GetProjectEnvironmentAnalyticsRequestsOverTime": 13,
    }
    assert frame.attrs["requests"] == 30


def test_a_part_costs_its_part(client: Any) -> None:
    frame = best_practices(client, "storefront")
    assert frame.attrs["requests"] == 2 + 2 + 5  # no keys: they are of the account
    assert set(frame["project"]) == {"storefront"}
    assert not frame["code"].isin(["key_expiry", "error_alerts"]).any()
    with pytest.raises(UnknownName, match="did you mean storefront"):
        best_practices(client, "storefrnt")


def test_nothing_is_written(client: Any) -> None:
    reading = createos_nb.simulate("storefront", read_only=True)
    assert best_practices(reading).attrs["result"] == "FAIL"


def test_an_empty_account_has_what_is_of_the_account() -> None:
    frame = best_practices(createos_nb.simulate("empty"))
    assert set(frame["code"]) == {"key_expiry", "error_alerts"}
    assert frame.attrs["result"] == "NO DATA"


def test_a_project_that_can_not_be_read_is_not_known(client: Any) -> None:
    with client.world.faults(what="error", status=403, operations=["ListProjectEnvironments"]):
        frame = best_practices(client, "orders-api")
    unread = frame[frame["where"].eq("orders-api") & frame["code"].isin(["port", "awake", "two_replicas"])]
    assert unread["held"].isna().all()
    assert len(unread) == 3
    assert not frame.attrs["complete"]
    assert "environments of orders-api" in frame.attrs["missing"]


def test_requests_that_can_not_be_read_are_not_known(client: Any) -> None:
    name = "GetProjectEnvironmentAnalyticsRequestsOverTime"
    with client.world.faults(what="error", status=403, operations=[name]):
        frame = best_practices(client, "orders-api").set_index(["code", "where"])
    for code in ("port", "no_unused", "start_small"):
        assert frame["held"].isna()[(code, "orders-api/production")], code
    assert not frame.attrs["complete"]


# --- exceptions -------------------------------------------------------------------------------------------------------


def test_an_exception_is_found_upward_and_counts(client: Any, tmp_path: Path, monkeypatch: Any) -> None:
    file = accept(
        '[[exceptions]]\ncode = "two_replicas"\nwhere = "chat-bot/*"\nreason = "the bot keeps its room in memory"\n'
        'until = 2026-03-02\n[[exceptions]]\ncode = "security_scan"\nreason = "SHOP-7: after the sale"'
    )
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    frame = best_practices(client)
    accepted = frame.dropna(subset="exception").set_index(["code", "where"])["exception"]
    assert accepted["two_replicas", "chat-bot/production"] == "the bot keeps its room in memory"
    assert accepted.groupby("code").size().to_dict() == {"security_scan": 6, "two_replicas": 1}
    assert frame.attrs["exceptions_file"] == str(file)
    assert frame.attrs["notices"] == []
    assert best_practices(client, exceptions=False)["exception"].isna().all()
    elsewhere = accept("", tmp_path / "a")
    assert best_practices(client, exceptions=elsewhere)["exception"].isna().all()


def test_what_is_accepted_does_not_count(client: Any) -> None:
    frame = best_practices(client, "edge-gateway")
    codes = frame.loc[~frame["held"].fillna(False), "code"].unique()
    texts = [f'[[exceptions]]\ncode = "{code}"\nreason = "a test"' for code in codes]
    accept("\n".join(texts))
    assert best_practices(client, "edge-gateway").attrs["result"] == "PASS"
    accept("\n".join(text for text in texts if "start_small" not in text))
    assert best_practices(client, "edge-gateway").attrs["result"] == "NO DATA"  # nothing is broken, one is not known
    accept("\n".join(text for text in texts if "security_scan" not in text))
    assert best_practices(client, "edge-gateway").attrs["result"] == "FAIL"


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ('code = "two_replicas"\nwhere = "no-such/*"', "two_replicas at no-such/.* matches nothing"),
        ('code = "two_replica"', "there is no practice 'two_replica'; did you mean two_replicas"),
        ('code = "descriptions"\nwhere = "storefront/*"', "not needed: the practice is held there"),
        ('code = "names"\nuntil = 2026-03-01', r"names at \* ended on 2026-03-01, and no longer counts"),
    ],
)
def test_an_exception_that_does_nothing_is_told(client: Any, text: str, notice: str) -> None:
    accept(f'[[exceptions]]\nreason = "a test"\n{text}')
    with pytest.warns(UnneededExceptionWarning, match=notice):
        frame = best_practices(client)
    assert len(frame.attrs["notices"]) == 1
    assert frame["exception"].isna().all()


def test_what_was_not_read_says_nothing_of_an_exception(client: Any) -> None:
    accept(
        '[[exceptions]]\ncode = "two_replicas"\nwhere = "chat-bot/*"\nreason = "a test"\n'
        '[[exceptions]]\ncode = "awake"\nwhere = "winter-sale/*"\nreason = "it is suspended"\n'
        '[[exceptions]]\ncode = "key_expiry"\nwhere = "key ci-deployments"\nreason = "a test"'
    )
    assert best_practices(client, "storefront").attrs["notices"] == []
    assert best_practices(client).attrs["notices"] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[exceptions]]\ncode = "names"', r"exception 1 \(names\) has no reason: say why it is accepted"),
        ('[[exceptions]]\ncode = "names"\nreason = "  "', "has no reason"),
        ('[[exceptions]]\nreason = "a test"', "exception 1 names no practice"),
        ('[[exceptions]]\ncode = "names"\nreason = "a"\nproject = "x"', "has project; there is: code, where, reason"),
        (
            '[[exceptions]]\ncode = "names"\nreason = "a"\nwhere = ""',
            'where is a place such as "storefront/production"',
        ),
        ('[[exceptions]]\ncode = "names"\nreason = "a"\nuntil = "2026-01-01"', "until is a day without quotes"),
        ('[[exceptions]]\ncode = "names"\nreason = "a"\nuntil = 2026-01-01T00:00:00Z', "until is a day without quotes"),
        ("[exceptions]\ncode = 1", r"must hold its exceptions as \[\[exceptions\]\]"),
        ("[[exception]]\ncode = 1", "has exception, but it holds only"),
        ("[[exceptions", "is no TOML"),
    ],
)
def test_a_file_that_is_wrong_is_refused_before_anything_is_asked(client: Any, text: str, says: str) -> None:
    accept(text)
    before = client.transport.log.total
    with pytest.raises(ConfigurationError, match=says):
        best_practices(client)
    assert client.transport.log.total == before


def test_a_file_that_is_named_has_to_be_there(client: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml can't be read: No such file"):
        best_practices(client, exceptions="none.toml")
    Path("bytes.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        best_practices(client, exceptions="bytes.toml")


# --- practices of other packages --------------------------------------------------------------------------------------


def installed(monkeypatch: pytest.MonkeyPatch, **modules: ModuleType | Exception) -> None:
    class Point(EntryPoint):
        def load(self) -> ModuleType:
            found = modules[self.name]
            if isinstance(found, Exception):
                raise found
            return found

    points = [Point(name, f"{name}:practice", "createos_nb.practices") for name in modules]
    monkeypatch.setattr(extensions, "entry_points_of", lambda group: points if group == "createos_nb.practices" else [])


def practice(look: Any) -> ModuleType:
    module = ModuleType("added")
    for name, value in {
        "GROUP": "order",
        "SEVERITY": "low",
        "SCOPE": "project",
        "ASKS": "an owner",
        "look": look,
    }.items():
        setattr(module, name, value)
    return module


def test_a_package_adds_a_practice(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(
        monkeypatch, owner=practice(lambda project: [Outcome(False, f"{project.name} names no owner", "Name it.")])
    )
    frame = best_practices(client, "storefront")
    assert frame.loc[frame["code"] == "owner", "evidence"].tolist() == ["storefront names no owner"]


def test_a_practice_that_fails_costs_no_other(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(project: Any) -> Any:
        raise ZeroDivisionError("by none")

    installed(monkeypatch, owner=practice(fail), gone=ImportError("no module"))
    frame = best_practices(client, "storefront")
    assert frame.loc[frame["code"] == "owner", "held"].isna().all()
    assert frame["code"].nunique() == 14 + 1  # without the two of the account
    assert frame.attrs["missing"] == {
        "practice owner at storefront": "it failed: ZeroDivisionError: by none",
        "practice gone": "it can't be loaded: ImportError: no module",
    }
