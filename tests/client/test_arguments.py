"""Arguments: every form of a time, limits checked before sending, objects spelled as the wire spells them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb.errors import InvalidInput
from createos_nb.redaction import MASK, Secret
from createos_nb.times import iso, parse_duration, unix

NOW = 1_772_442_000.0
MOMENTS = st.datetimes(datetime(1975, 1, 1), datetime(2200, 1, 1))
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


# --- times


@settings(max_examples=200, deadline=None)
@given(moment=MOMENTS, zone=ZONES)
def test_every_aware_form_is_the_same_moment(moment: datetime, zone: timezone) -> None:
    aware = moment.replace(tzinfo=zone)
    seconds = aware.timestamp()
    forms: list[Any] = [
        aware,
        pd.Timestamp(aware),
        aware.isoformat(),
        aware.isoformat(" "),
        seconds,
        np.float64(seconds),
    ]
    forms.append(f" {aware.astimezone(UTC).isoformat().replace('+00:00', 'Z')} ")
    for form in forms:
        assert unix(form, NOW) == pytest.approx(seconds, abs=1e-5)
    whole = int(seconds // 1)
    for form in (whole, np.int64(whole), np.array(whole), iso(whole)):
        assert unix(form, NOW) == whole


@settings(max_examples=200, deadline=None)
@given(
    amount=st.integers(0, 5000),
    unit=st.sampled_from([("s", 1), ("sec", 1), ("seconds", 1), ("m", 60), ("min", 60), ("minutes", 60), ("h", 3600),
                          ("hours", 3600), ("d", 86400), ("days", 86400), ("w", 604800), ("weeks", 604800)]),
    sign=st.sampled_from([1, -1]),
    spaces=st.sampled_from(["", " "]),
    before=st.sampled_from(["", "now", "NOW "]),
    upper=st.booleans(),
)  # fmt: skip
def test_a_time_relative_to_now(
    amount: int, unit: tuple[str, int], sign: int, spaces: str, before: str, upper: bool
) -> None:
    text = f"{before}{'+' if sign > 0 else '-'}{spaces}{amount}{spaces}{unit[0]}"
    upper = upper and unit[0] != "m"  # M stands for months elsewhere, and is refused
    assert unix(text.upper() if upper else text, NOW) == NOW + sign * amount * unit[1]


@pytest.mark.parametrize("text", ["now", "NOW", " now "])
def test_now_is_the_clocks(text: str) -> None:
    assert unix(text, NOW) == NOW


NAIVE = [
    "2026-03-02",
    "2026-03-02T09:00",
    "2026-03-02 09:00:00",
    datetime(2026, 3, 2),
    pd.Timestamp("2026-03-02"),
    np.datetime64("2026-03-02"),
]


@pytest.mark.parametrize("moment", NAIVE, ids=repr)
def test_a_time_without_a_zone_is_refused_with_a_hint_about_zones(moment: Any, wire: Any) -> None:
    with pytest.raises(InvalidInput, match=r"no time zone.*2026-03-02T09:00Z.*tz='UTC'"):
        unix(moment, NOW, "start")
    client, seen = wire.client(wire.ok({}))
    with pytest.raises(InvalidInput, match="start"):
        client.analytics.rpm(wire.uuid(1), wire.uuid(2), start=moment)
    assert not seen


@pytest.mark.parametrize(
    "moment",
    ["", "yesterday", "24h", "-24", "-1mo", "-1y", "24h ago", "--1h", "now now", "1772442000", "9" * 500,
     "-" + "9" * 300 + "w", None, True, pd.NaT, date(2026, 3, 2), timedelta(hours=1), [], {}, b"now", NOW * 1000,
     NOW * 1e6, float("nan"), float("inf"), 10**400, object()],
    ids=lambda moment: repr(moment)[:20],
)  # fmt: skip
def test_what_is_no_time_is_refused(moment: Any) -> None:
    with pytest.raises(InvalidInput, match="start"):
        unix(moment, NOW, "start")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20) | st.floats() | st.integers() | st.binary(max_size=4))
def test_anything_else_is_a_moment_or_refused(moment: Any) -> None:
    try:
        found = unix(moment, NOW)
    except InvalidInput:
        return
    assert isinstance(found, float)
    iso(found)


@pytest.mark.parametrize(
    ("length", "seconds"),
    [
        ("15min", 900),
        ("2 h", 7200),
        ("1 day", 86400),
        (90, 90),
        (1.5, 1.5),
        (timedelta(minutes=1), 60),
        (pd.Timedelta("1h"), 3600),
    ],
)
def test_a_length_of_time(length: Any, seconds: float) -> None:
    assert parse_duration(length) == seconds


@pytest.mark.parametrize(
    "length", ["", "soon", "-1h", -1, True, None, pd.NaT, float("nan"), float("inf"), "9" * 40 + "w"], ids=repr
)
def test_what_is_no_length_is_refused(length: Any) -> None:
    with pytest.raises(InvalidInput):
        parse_duration(length)


def sent_window(wire: Any, **window: Any) -> dict[str, str]:
    client, seen = wire.client(wire.ok({}))
    client.analytics.rpm(wire.uuid(1), wire.uuid(2), **window)
    return dict(seen[0].url.params)


def test_a_window_is_sent_as_whole_seconds_and_one_end_brings_the_other(wire: Any) -> None:
    at = int(wire.NOW)
    assert sent_window(wire) == {}
    assert sent_window(wire, start="-24h") == {"start": str(at - 86_400), "end": str(at)}
    assert sent_window(wire, end="-1h") == {"start": str(at - 7200), "end": str(at - 3600)}
    assert sent_window(wire, start=0, end="1970-01-01T00:00:10.9Z") == {"start": "0", "end": "10"}


def test_an_expiry_is_sent_as_rfc_3339(wire: Any) -> None:
    client, seen = wire.client(wire.ok({"id": "1", "secret": "s"}))
    client.api_keys.create(name="ci-key", expiry_at="+90d")
    client.api_keys.create(name="ci-key", expiry_at=pd.Timestamp("2026-06-01 12:00", tz="Europe/Berlin"))
    assert [body["expiryAt"] for body in seen.bodies] == ["2026-05-31T09:00:00Z", "2026-06-01T10:00:00Z"]


# --- limits

ENOUGH = {"cpu": 300, "memory": 600, "replicas": 1}
TEMPLATE = {
    "name": "x" * 10,
    **dict.fromkeys(("description", "overview", "use_cases"), "x" * 100),
    **dict.fromkeys(("image_uri", "video_url"), "u"),
}
MAKE = {"unique_name": "prod", "display_name": "prod", "description": "prod", "settings": {}}

#: call, how many ids it takes first, arguments, what the refusal says
REFUSED: list[tuple[str, int, dict[str, Any], str]] = [
    ("environments.update_resources", 2, ENOUGH | {"cpu": 100}, r"cpu=100 is outside .* limits: 200 to 500 millicores"),
    ("environments.update_resources", 2, ENOUGH | {"memory": 2048}, r"memory=2048 .* 500 to 1024 MB"),
    ("environments.update_resources", 2, ENOUGH | {"replicas": 4}, r"replicas=4 .* 1 to 3"),
    ("environments.update_resources", 2, ENOUGH | {"cpu": 300.5}, "cpu=300.5"),
    ("environments.update_resources", 2, ENOUGH | {"cpu": True}, "cpu=True"),
    ("environments.update_resources", 2, ENOUGH | {"cpu": "300"}, "cpu='300'"),
    ("environments.update_resources", 2, ENOUGH | {"cpu": None}, "cpu=None"),
    ("projects.check_unique_name", 0, {"unique_name": "dev"}, "unique_name='dev' .* 4–32 letters, digits and hyphens"),
    ("projects.update", 1, {"display_name": "My Next.js App"}, "display_name"),
    ("environments.update", 2, {"display_name": "shop", "description": "It's here."}, "description"),
    ("api_keys.update", 1, {"name": "ci-key", "description": "CI/CD"}, "description='CI/CD'"),
    ("projects.list", 0, {"type": "docker"}, "type='docker' is none of: .*vcs"),
    ("projects.list", 0, {"status": "gone"}, "status='gone' is none of"),
    ("projects.update_settings", 1, {"port": 70000}, "port=70000 .* 1 to 65535"),
    ("apps.create", 0, {"name": "shop", "color": "red"}, "color='red'"),
    ("templates.update", 1, TEMPLATE | {"amount": float("nan")}, "amount=nan"),
    (
        "environments.update_variables",
        2,
        {"run_envs": {"A": 1, "B": "b", "C": None}},
        "run_envs takes text .* none: A, C",
    ),
    ("environments.update_variables", 2, {"run_envs": ["A"]}, "run_envs"),
    ("deployments.upload_files", 1, {"files": [{"path": "a", "content": "b"}] * 101}, "at most 100 .*, not 101"),
    ("deployments.upload_files", 1, {"files": {"path": "a", "content": "b"}}, "must be a list"),
    ("deployments.upload_files", 1, {"files": [{"path": "a"}]}, r"files\[0\].*content"),
    ("deployments.upload_zip", 1, {"file": "a.zip"}, "bytes of a zip archive"),
    ("environments.create", 1, MAKE | {"resources": ENOUGH | {"cpu": 1}}, "resources.*cpu"),
    ("deployments.logs", 2, {"level": "loud"}, "level='loud' is no level; there are trace, debug, info"),
    ("deployments.logs", 2, {"level": []}, "level= names no level"),
    ("environments.logs", 2, {"search": "re:("}, "search='re:\\(' is no regular expression .*: missing"),
    ("environments.logs", 2, {"search": ""}, "search='' is empty"),
    ("environments.logs", 2, {"start": "-1h", "end": "-2h"}, "the window is empty"),
    ("environments.logs", 2, {"start": "yesterday"}, "start='yesterday' can't be read as a time"),
    ("deployments.build_logs", 2, {"level": 40}, "level=40 is no level"),
    ("deployments.build_logs", 2, {"skip": -1}, "skip=-1"),
]


@pytest.mark.parametrize(("call", "ids", "arguments", "message"), REFUSED)
def test_a_value_outside_the_platforms_limits_is_refused_by_name_before_it_is_sent(
    call: str, ids: int, arguments: dict[str, Any], message: str, wire: Any
) -> None:
    client, seen = wire.client(wire.ok({}))
    resource, name = call.split(".")
    with pytest.raises(InvalidInput, match=message) as caught:
        getattr(getattr(client, resource), name)(*map(wire.uuid, range(1, ids + 1)), **arguments)
    assert str(caught.value).startswith(f"{call}: ")
    assert not seen


def test_a_refusal_never_shows_the_value_of_a_variable(wire: Any) -> None:
    client, _ = wire.client(wire.ok({}))
    for run in (
        lambda: client.environments.update_variables(wire.uuid(1), wire.uuid(2), run_envs={"A": ["hush-hush"]}),
        lambda: client.environments.update_variables(wire.uuid(1), wire.uuid(2), run_envs="hush-hush"),
        lambda: client.projects.update_settings(wire.uuid(1), build_vars={"A": {"b": "hush-hush"}}),
        lambda: client.projects.create(
            unique_name="shop", display_name="shop", type="image", settings={"port": 0, "run_envs": {"A": "hush-hush"}}
        ),
        lambda: client.projects.transfer(wire.uuid(1), token=["hush-hush"]),
    ):
        with pytest.raises(InvalidInput) as caught:
            run()
        assert "hush" not in str(caught.value)


@pytest.mark.parametrize("dots", [MASK, Secret(MASK)])
def test_masked_values_out_of_a_frame_are_not_sent_in_place_of_the_real_ones(dots: Any, wire: Any) -> None:
    """Read, merge and send is the way to change one variable: with the masked map it would destroy all others."""
    row = {"id": wire.uuid(2), "uniqueName": "prod", "settings": {"runEnvs": {"A": "hush"}}}
    client, seen = wire.client(wire.ok([row]))
    masked = client.environments.get(wire.uuid(1), "prod")["run_envs"]
    before = len(seen)
    for held in (masked, {"A": dots}):
        with pytest.raises(InvalidInput, match="masked value"):
            client.environments.update_variables(wire.uuid(1), wire.uuid(2), run_envs={**held, "B": "b"})
        with pytest.raises(InvalidInput, match="masked value"):
            client.projects.create(
                unique_name="shop", display_name="shop", type="image", settings={"port": 80, "run_envs": held}
            )
    assert len(seen) == before


# --- forms


def test_revealed_variables_can_be_merged_and_sent(wire: Any) -> None:
    row = {"id": wire.uuid(2), "uniqueName": "prod", "settings": {"runEnvs": {"B": "hush", "A": ""}}}
    client, seen = wire.client(lambda request: wire.ok([row] if request.method == "GET" else "done"))
    variables = client.environments.reveal_variables(wire.uuid(1), "prod")
    assert variables.to_dict() == {"A": "", "B": "hush"}
    assert (variables.name, variables.index.name, str(variables.dtype)) == ("value", "variable", "str")
    client.environments.update_variables(wire.uuid(1), wire.uuid(2), run_envs={**variables, "C": Secret("more")})
    assert seen.bodies[-1] == {"runEnvs": {"A": "", "B": "hush", "C": "more"}}


@pytest.mark.parametrize("settings_of", [None, {}, {"runEnvs": None}, {"runEnvs": {}}, "text"])
def test_an_environment_without_variables_has_none(settings_of: Any, wire: Any) -> None:
    rows = [{"id": wire.uuid(2), "uniqueName": "prod", "settings": settings_of, "new": 1}, {"new": 2}]
    client, _ = wire.client(wire.ok(rows))
    assert client.environments.reveal_variables(wire.uuid(1), "prod").to_dict() == {}


@pytest.mark.parametrize(
    "spelling", [{"run_envs": {"a_b": "1"}, "use_build_ai": True}, {"runEnvs": {"a_b": "1"}, "useBuildAI": True}]
)
def test_both_spellings_of_a_field_serve_and_keys_of_a_users_map_stay(spelling: Any, wire: Any) -> None:
    client, seen = wire.client(wire.ok({"id": "1"}, 201))
    source = {"vcs_name": "github", "vcs_installation_id": "1", "vcs_repo_id": "2"}
    client.projects.create(
        unique_name="shop",
        display_name="shop",
        type="vcs",
        source=source,
        settings={"port": 80, "runtime": "node:20", **spelling},
    )
    assert seen.bodies[0]["settings"] == {
        "port": 80,
        "runtime": "node:20",
        "runEnvs": {"a_b": "1"},
        "useBuildAI": True,
    }
    assert seen.bodies[0]["source"] == {"vcsName": "github", "vcsInstallationId": "1", "vcsRepoId": "2"}


@pytest.mark.parametrize("numbers", [np.int64, np.int32, lambda n: pd.Series([n], dtype="Int64").iloc[0]])
def test_numbers_out_of_a_frame_are_numbers(numbers: Callable[[int], Any], wire: Any) -> None:
    client, seen = wire.client(wire.ok("done"))
    client.environments.update_resources(
        wire.uuid(1), wire.uuid(2), cpu=numbers(300), memory=numbers(600), replicas=numbers(2)
    )
    assert seen.bodies == [{"cpu": 300, "memory": 600, "replicas": 2}]


@pytest.mark.parametrize("lists", [list, tuple, np.array, pd.Series, pd.Index])
def test_a_column_of_a_frame_is_a_list_of_values(lists: Callable[[list[str]], Any], wire: Any) -> None:
    client, seen = wire.client(wire.ok("done"))
    client.projects.update_settings(wire.uuid(1), ignore_branches=lists(["gh-pages", "wip"]))
    client.apps.add_projects(wire.uuid(5), projects=lists([wire.uuid(1), wire.uuid(2)]))
    assert seen.bodies == [{"ignoreBranches": ["gh-pages", "wip"]}, {"projectIds": [wire.uuid(1), wire.uuid(2)]}]


def test_nothing_empty_or_false_is_dropped(wire: Any) -> None:
    client, seen = wire.client(wire.ok("done"))
    client.projects.update_settings(wire.uuid(1), run_command="", has_dockerfile=False, ignore_branches=[], run_envs={})
    assert seen.bodies == [{"runCommand": "", "hasDockerfile": False, "ignoreBranches": [], "runEnvs": {}}]
    client.domains.update_environment(wire.uuid(1), wire.uuid(3), environment=None)
    assert seen.bodies[-1] == {"environmentId": None}
