"""A history judged environment by environment: its frame's answers to the last bit, or which are missing and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from createos_nb import Client, analysis
from createos_nb.errors import IncompleteWarning, InvalidInput, UnknownName
from createos_nb.history import History, HistoryError
from createos_nb.history import open as open_history
from createos_nb.times import iso
from tests.analysis.test_fleet import FUNCTIONS, same
from tests.history.conftest import client_of, stored
from tests.history.test_faults import NEW

pytestmark = pytest.mark.filterwarnings("ignore:history.requests:createos_nb.errors.IncompleteWarning")


@pytest.fixture
def filled(client: Client, history: History) -> History:
    """Two environments, whose months are folded and whose last hour is loose."""
    history.fill(since="-2d")
    client.world.advance("1h")
    history.sync(since="-2d", budget=None)
    return history


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def of_frame(history: History, name: str, start: str, arguments: dict[str, Any], **window: Any) -> pd.DataFrame:
    return getattr(analysis, name)(history.requests(start, **window), **arguments)


def test_what_is_filled_is_what_would_have_been_synchronized(client: Client, tmp_path: Path) -> None:
    other = client_of(client.world.fork())
    filled, synchronized = open_history(client, tmp_path / "filled"), open_history(other, tmp_path / "synchronized")
    assert filled.fill(since="-1d") > 2000
    synchronized.sync(since="-1d", budget=None)
    ours, theirs = stored(filled), stored(synchronized)
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[id], theirs[id]) for id in ours)
    assert filled._store.manifest.asked == synchronized._store.manifest.asked
    # more of it, and what comes later: nothing twice, and the platform is asked for no more than the rest
    filled.fill(since="-3d")
    client.world.advance("2h")
    assert filled.sync(since="-3d", datasets=["requests"]).requests <= 2 * len(ours)
    synchronized.sync(since="-3d", budget=None)
    other.world.advance("2h")
    synchronized.sync(since="-3d", budget=None)
    ours, theirs = stored(filled), stored(synchronized)
    assert all(np.array_equal(ours[id], theirs[id]) for id in ours)
    assert filled.verify() == []


def test_only_a_world_in_this_process_fills(history: History, filled: History) -> None:
    with pytest.raises(HistoryError, match="needs a client"):
        open_history(path=filled.folder).fill()
    history._client.world = None
    with pytest.raises(HistoryError, match="for a simulated world in this process"):
        history.fill()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_answers_as_for_the_frame(filled: History, name: str) -> None:
    reader = open_history(path=filled.folder)
    arguments = FUNCTIONS[name] | ({"arl": "1d"} if name == "change_points" else {})
    for start, window in (("-30h", {}), ("-90min", {"end": "-25min"}), ("-30h", {"step": "10min"})):
        expected = of_frame(filled, name, start, arguments, **window)
        found = analysis.fleet(reader, name, start=start, **window, **arguments)
        same(found, expected)
        assert found.attrs["complete"]
    assert found.attrs["where"] == filled.requests("-1h").attrs["where"]


def test_all_that_there_is_is_the_default(filled: History) -> None:
    found = analysis.fleet(filled, "summary")
    assert found["requests"].sum() == sum(int(rows[:, 2].sum()) for rows in stored(filled).values())


@pytest.mark.filterwarnings("ignore:analysis.fleet:createos_nb.errors.IncompleteWarning")
@pytest.mark.parametrize("made", ["", "staging", "preview"])
def test_an_environment_goes_and_another_one_comes(client: Client, history: History, made: str) -> None:
    history.fill(since="-1d")
    client.world.advance("90s")
    history.sync(since="-1d", budget=None)
    client.world.advance("17s")
    client.environments.delete("storefront", client.environments.get("storefront", "staging")["id"])
    client.world.advance("29s")
    if made:
        more = {"display_name": "Another", "description": "another one", "branch": "staging"}
        client.environments.create("storefront", unique_name=made, **more, **NEW)
    client.world.advance("77s")
    history.sync(since="-1d", budget=None)
    client.world.advance("2h")
    history.sync(since="-1d", budget=None)
    [stays] = [part.stays for part in history.by_environment().parts if part.places[0].environment == "staging"]
    assert len(stays) == 1 + (made == "staging")
    assert made == "staging" or stays[0].window[1] % 60  # it ends within a bucket
    for start in ("-3h", "-1d"):
        same(analysis.fleet(history, "summary", start=start), of_frame(history, "summary", start, {}))
        if made == "staging":  # its frame has the bucket twice in which one took the name of the other
            found = analysis.fleet(history, "summary", start=start, step="1h")
            assert "more than one row for" in found.attrs["missing"]["storefront/staging"]
        else:
            expected = of_frame(history, "summary", start, {}, step="1h")
            same(analysis.fleet(history, "summary", start=start, step="1h"), expected)


def test_what_was_never_read_is_missing_or_unknown(client: Client, history: History) -> None:
    history.sync(since="-1d", datasets=["environments"])
    with pytest.warns(IncompleteWarning, match="nothing can be said of 2 of 2"):
        found = analysis.fleet(history, "slo", start="-1h")
    same(found, of_frame(history, "slo", "-1h", {}))
    assert found.attrs["missing"] == {
        "storefront/production": "it has no data in this window",
        "storefront/staging": "it has no data in this window",
    }
    history.sync(since="-1h", budget=None)
    with pytest.warns(IncompleteWarning, match="not all of the window is known of 2"):
        found = analysis.fleet(history, "slo", start="-3h")
    same(found, of_frame(history, "slo", "-3h", {}))
    assert (found.attrs["complete"], found.attrs["missing"]) == (False, {})
    assert found.attrs["unknown"] == history.requests("-3h").attrs["unknown"]


def test_a_damaged_file_costs_its_environment(filled: History) -> None:
    whole = of_frame(filled, "slo", "-2d", {})
    production, staging = ([part.places[0].name, part.stays[0].files[-1]] for part in filled.by_environment().parts)
    path = filled.folder / staging[1].path
    content = path.read_bytes()
    cases: list[tuple[bytes | None, str]] = [
        (content[:1000], "is not what was written"),
        (content[:500] + bytes([content[500] ^ 1]) + content[501:], "is not what was written"),
        (None, "can't be read (No such file or directory)"),
    ]
    for damaged, words in cases:
        path.unlink()
        if damaged is not None:
            path.write_bytes(damaged)
        with pytest.warns(IncompleteWarning, match="1 of 2 environments"):
            found = analysis.fleet(filled, "slo", start="-2d")
        same(found, whole[whole["environment"] == "production"].reset_index(drop=True))
        assert [*found.attrs["missing"]] == [staging[0]]
        assert words in found.attrs["missing"][staging[0]]
        assert "history.repair()" in found.attrs["missing"][staging[0]]
        path.write_bytes(content)
    assert production[0] == "storefront/production"


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b""), Path.unlink, flip_a_bit])
def test_a_damaged_file_that_environments_share_costs_those_whose_window_it_reaches(
    filled: History, damage: Callable[[Path], Any]
) -> None:
    [shared] = filled._store.manifest.unsettled["requests"]
    earlier = iso(shared.first - 2 * 86_400), iso(shared.first - 86_401)
    before = of_frame(filled, "slo", earlier[0], {}, end=earlier[1])
    damage(filled.folder / shared.path)
    with pytest.warns(IncompleteWarning, match="nothing can be said of 2 of 2 environments"):
        found = analysis.fleet(filled, "slo")
    assert (len(found), found.attrs["complete"]) == (0, False)
    assert [*found.attrs["missing"]] == ["storefront/production", "storefront/staging"]
    for why in found.attrs["missing"].values():
        assert why.startswith("it may have rows in a file that environments share: ")
        assert shared.path in why
        assert "history.repair()" in why
    # what it does not reach is answered
    same(analysis.fleet(filled, "slo", start=earlier[0], end=earlier[1]), before)
    filled.repair()
    filled.sync(since="-2d", budget=None)
    assert analysis.fleet(filled, "slo").attrs["complete"]


def test_a_file_that_a_synchronization_replaced_meanwhile_is_read_anew(filled: History) -> None:
    parts = filled.by_environment("-1d").parts
    expected = [next(part.read(["count"])).frame for part in parts]
    with filled._store.writing("test") as manifest:
        manifest.files["requests"] = [
            filled._store.write(
                manifest,
                "requests",
                filled._store.table("requests", [file]),
                folder=file.path.rpartition("/")[0].partition("/")[2],
                environment=file.environment,
            )
            for file in manifest.files["requests"]
        ]
        filled._store.commit(manifest)
    assert not any((filled.folder / file.path).exists() for part in parts for file in part.stays[0].files)
    for part, frame in zip(parts, expected, strict=True):
        pd.testing.assert_frame_equal(next(part.read(["count"])).frame, frame)


@pytest.fixture
def read_columns(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """The columns of each file that is decoded."""
    seen: list[list[str]] = []
    read = pq.read_table

    def recording(source: Any, *arguments: Any, **options: Any) -> Any:
        if options.get("columns"):
            seen.append(list(options["columns"]))
        return read(source, *arguments, **options)

    monkeypatch.setattr(pq, "read_table", recording)
    return seen


def test_only_what_is_needed_is_read(filled: History, read_columns: list[list[str]]) -> None:
    analysis.fleet(filled, "slo", projects="storefront")
    parts = filled.by_environment().parts
    files = [part.stays[0].files for part in parts]
    assert [columns for columns in read_columns if "count" in columns] == [
        ["time", "seconds", "count", "status_5xx"] for some in files for _ in some
    ]
    assert {file.environment for some in files for file in some} == {part.stays[0].id for part in parts}


def test_a_wrong_window_is_refused(filled: History) -> None:
    with pytest.raises(UnknownName, match="there is no project 'storefont'"):
        analysis.fleet(filled, "slo", projects="storefont")
    with pytest.raises(InvalidInput, match="the window is empty"):
        analysis.fleet(filled, "slo", start="now")
    with pytest.raises(InvalidInput, match="finer than what there is"):
        analysis.fleet(filled, "slo", step="30s")
