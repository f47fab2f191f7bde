"""Webhook events, as `createos-nb listen` keeps them, are events of the history: each once, with who did it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from createos_nb import Client
from createos_nb.cli import main
from createos_nb.history import History
from createos_nb.history import open as open_history
from createos_nb.webhooks import event_source
from createos_nb.webhooks.event_file import EventFile, event_of

ACTIONS = ["environment.update_resources", "deployment.assign", "api_key.create"]


def received(client: Client, path: Path, endpoints: int = 1) -> Path:
    """The file of a listener to which all of these endpoints post."""
    file = EventFile(path)
    for number in range(endpoints):
        client.webhooks.create(url=f"https://hooks{number}.example.com/", events=ACTIONS)
    client.world.on_webhook(lambda request: file.append(event_of(request.body, datetime.now(UTC))))
    client.environments.update_resources("storefront", "staging", cpu=300, memory=600, replicas=1)
    client.environments.assign_deployment("storefront", "production", deployment=3)
    client.world.advance("1min")
    file.close()
    return path


def told(history: History, environment: str) -> pd.DataFrame:
    changes = history.timeline("storefront", environment, start="-2h")
    return changes[changes["source"] == "webhook"]


def test_what_tells_two_events_apart(client: Client, history: History, tmp_path: Path) -> None:
    file = EventFile(tmp_path / "events.jsonl")
    project = {"id": "project-1", "projectName": "storefront"}  # no delivery's id
    bodies = [{**project, "event": "a"}, {**project, "event": "b"}, {"projectName": "storefront"}]
    times = [client.now, client.now, client.now, client.now + pd.Timedelta("1s")]
    for body, time in zip([*bodies, bodies[2]], times, strict=True):
        file.append(event_of(json.dumps(body).encode(), time.to_pydatetime()))
    file.close()
    history.add_source("webhook", event_source(tmp_path / "events.jsonl"))
    assert history.sync(since="-1h").rows["events"] == 4


@pytest.mark.parametrize("endpoints", [1, 2])
def test_a_file_that_is_named_is_folded_in_once(
    client: Client, history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoints: int
) -> None:
    path = received(client, tmp_path / "events.jsonl", endpoints)
    assert len(path.read_text().splitlines()) == 2 * endpoints
    assert history.sync(since="-1h").rows.get("events", 0) == 0
    monkeypatch.setenv("CREATEOS_NB_WEBHOOKS", str(path))
    assert history.sync(since="-1h").rows["events"] == 2
    assert history.sync(since="-1h").rows["events"] == 0
    staging = told(history, "staging")
    assert staging[["kind", "exactness"]].values.tolist() == [["environment.update_resources", "exact"]]
    assert staging.iloc[0]["text"] == "staging: 300 millicores, 600 MB, 1 replica"
    assert len(staging.iloc[0]["who"]) == 36
    production = told(history, "production")
    assert production["kind"].tolist() == ["deployment.assign"]
    # it happened then, whenever it came
    assert (client.now - production["time"].iloc[0]) == pd.Timedelta("1min")


def test_a_damaged_line_and_a_missing_file_are_told_and_the_rest_is_kept(
    client: Client, history: History, tmp_path: Path
) -> None:
    path = received(client, tmp_path / "events.jsonl")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1][:40], ""]))
    history.add_source("webhook", event_source(path))
    history.add_source("other", event_source(tmp_path / "gone.jsonl"))
    result = history.sync(since="-1h")
    assert result.rows["events"] == 1
    assert result.failed["source webhook"] == f"not all of it can be read ({path}: line 2)"
    assert result.failed["source other"].startswith("FileNotFoundError")
    assert not result.complete
    path.write_text("\n".join([*lines, ""]))
    assert history.sync(since="-1h").rows["events"] == 1
    assert len(told(history, "production")) == 1


def test_a_body_that_is_not_the_simulators_is_an_event_all_the_same(
    client: Client, history: History, tmp_path: Path
) -> None:
    file = EventFile(tmp_path / "events.jsonl")
    bodies = [{"what": "a token: ghp_" + "a1B2" * 9, "projectName": "storefront"}, {"hello": [1]}, ["no object"]]
    for body in bodies:
        file.append(event_of(json.dumps(body).encode(), client.now.to_pydatetime()))
    file.append(event_of(b"\xff", client.now.to_pydatetime()))
    file.close()
    history.add_source("webhook", event_source(tmp_path / "events.jsonl"))
    assert history.sync(since="-1h").rows["events"] == 3  # what holds no fields can't be told apart
    assert told(history, "staging")["kind"].tolist() == ["webhook"]


def test_the_command_takes_files(client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = EventFile(tmp_path / "events.jsonl")
    body = {"eventAction": "project.update", "projectName": "storefront", "auditLogId": "a1"}
    file.append(event_of(json.dumps(body).encode(), datetime(2026, 3, 4, 13, tzinfo=UTC)))
    file.close()
    arguments = ["sync", str(tmp_path / "account"), "--world", "bad-release", "--since=-1h", "--json"]
    assert main([*arguments, "--webhooks", str(tmp_path / "events.jsonl")]) == 0
    assert json.loads(capsys.readouterr().out)["rows"]["events"] == 1
    assert told(open_history(path=tmp_path / "account"), "production")["kind"].tolist() == ["project.update"]
