"""The dashboard over real HTTP and a real web socket: who may come in, what a page is told, and what it may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

import createos_nb
from createos_nb.dashboard.board import Board
from createos_nb.dashboard.frames import pack
from createos_nb.panels.diagnosis import DiagnosisPanel
from tests.dashboard.conftest import TOKEN, Page, Served, run, until

Pages = Callable[..., Page]


def test_the_token_opens_the_door_and_stays_in_no_address(served: Served) -> None:
    answer = httpx.get(f"{served.site}?project=storefront&token={TOKEN}&view=logs")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?project=storefront&view=logs")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert TOKEN not in cookie
    assert served.get().status_code == 200


@pytest.mark.parametrize(
    "path", ["", "?token=wrong", "front/dashboard.js", "front/mirror.css", "modules/x.js", "mirror"]
)
def test_without_it_there_is_nothing_but_the_word_of_it(served: Served, path: str) -> None:
    answer = httpx.get(served.site + path)
    assert answer.status_code == 401
    assert "createos-nb dashboard" in answer.text
    with pytest.raises(InvalidStatus, match="403"), served.connect(Cookie="createos-dashboard=x"):
        pass


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "[::2]", "0", ""])
def test_another_host_is_refused_on_every_path(served: Served, host: str) -> None:
    port = served.host.rpartition(":")[2]
    for path in ("", f"?token={TOKEN}", "front/dashboard.js", "mirror"):
        assert served.get(path, Host=f"{host}:{port}" if host else "").status_code in (400, 403)
    if host in ("evil.example", "localhost."):
        with pytest.raises(InvalidStatus, match="403"), served.connect(host, Origin=f"http://{host}:{port}"):
            pass
    assert served.get(Host=f"localhost:{port}").status_code == 200


@pytest.mark.parametrize("origin", ["", "http://evil.example", "null", "http://127.0.0.1", "http://localhost:1"])
def test_a_page_of_another_origin_gets_no_web_socket(served: Served, origin: str) -> None:
    with pytest.raises(InvalidStatus, match="403"), served.connect(Origin=origin):
        pass
    with served.connect():
        pass


def test_a_name_that_is_allowed_is_answered() -> None:
    with run(Board(createos_nb.simulate("bad-release")), hosts=["boards.example"]) as served:
        assert served.get(Host="boards.example").status_code == 200
        port = served.host.rpartition(":")[2]
        with served.connect("boards.example", Origin=f"https://boards.example:{port}"):
            pass
        assert "wss://boards.example:*" in served.get().headers["content-security-policy"]
        assert served.get(Host="other.example").status_code == 403


def test_nothing_comes_from_elsewhere(served: Served) -> None:
    for path in ("", "front/dashboard.js", "front/dashboard.css", "front/mirror.css"):
        answer = served.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert [one for one in policy.split("; ") if "unsafe" in one] == ["style-src-attr 'unsafe-inline'"]
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        text = answer.text.replace("http://www.w3.org/", "")
        assert "http://" not in text
        assert "https://" not in text
    assert "no-store" in served.get().headers["cache-control"]
    for path in ("front/grid.js", "front/..%2f..%2fpanel.py", "modules/x.js", "modules/x", "x"):
        assert served.get(path).status_code == 404


def test_a_page_shows_the_fleet_and_what_a_person_chooses(served: Served, pages: Pages) -> None:
    page = pages(served)
    page.until(lambda: page.state)
    assert page.welcome["account"] == "marlow"
    assert page.welcome["simulated"] is True
    visit = served.board.visit(page.welcome["visit"])
    assert visit is not None
    grid = visit._mirror.id_of(visit.fleet.params.control("chosen").widget)
    assert grid is not None
    module = page.widgets[grid]["state"]["_esm"]
    answer = served.get(f"modules/{module}.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "render" in answer.text
    page.do(grid, set={"selected": "storefront / production"})
    page.until(lambda: page.state["address"] == {"project": "storefront", "environment": "production"})
    page.do(grid, message={"clicked": "storefront / production"})
    page.until(lambda: page.state["address"].get("view") == "diagnosis")
    until(lambda: isinstance(visit.fleet.opened, DiagnosisPanel) and not visit.fleet.opened.busy)
    page.until(lambda: "since 13:20" in page.texts)


def test_an_address_opens_what_it_names_and_says_what_there_is_not(served: Served, pages: Pages) -> None:
    address = {"project": "storefront", "environment": "production", "view": "roll-back"}
    page = pages(served, address)
    page.until(lambda: page.state and page.state["address"] == address)
    assert opened_in(served, page)[0].subject == "storefront / production"
    for wrong, words in [
        ({"project": "storefront", "environment": "qa"}, "storefront has: production, staging"),
        ({"project": "<b>"}, "the address asks for the project <b>: there is none of that name here"),
        ({"project": "storefront", "view": "delete"}, "there is: diagnosis, traffic, logs"),
    ]:
        other = pages(served, wrong)
        other.until(lambda other=other: other.state.get("notice"))
        assert words in other.state["notice"]
    bare = pages(served, {"project": "storefront"})
    bare.until(lambda: bare.state and bare.state["address"])
    assert bare.state["address"] == {"project": "storefront", "environment": "production"}
    changes = pages(served, {"page": "changes"})
    changes.until(lambda: changes.state)
    assert changes.state["address"] == {"page": "changes"}
    assert "Journal" in changes.texts
    changes.say(page="fleet")
    changes.until(lambda: changes.state["address"] == {})
    changes.until(lambda: "Environments of all projects" in changes.texts)


@pytest.mark.slow
def test_a_reload_finds_what_was_chosen_and_typed_and_another_page_does_not(served: Served, pages: Pages) -> None:
    page = pages(served, {"project": "storefront", "environment": "production", "view": "logs"})
    page.until(lambda: page.state.get("address", {}).get("view") == "logs")
    page.do(page.find("Text", description="Search"), set={"value": "GET"})
    page.until(lambda: page.widgets[page.find("Text", description="Search")]["state"]["value"] == "GET")
    page.close()
    again = pages(served, page.state["address"], page.welcome["visit"])
    again.until(lambda: again.state)
    assert again.welcome["visit"] == page.welcome["visit"]
    assert again.state["address"] == page.state["address"]
    assert again.widgets[again.find("Text", description="Search")]["state"]["value"] == "GET"
    other = pages(served, {})
    other.until(lambda: other.state)
    assert other.welcome["visit"] != page.welcome["visit"]
    assert other.state["address"] == {}


def opened_in(served: Served, page: Page) -> Any:
    """The panel that a page has opened, and the ids of its widgets."""
    visit = served.board.visit(page.welcome["visit"])
    assert visit is not None
    return visit.fleet.opened, visit._mirror.id_of


def plan_of_rollback(served: Served, page: Page) -> None:
    page.until(lambda: page.state.get("address", {}).get("view") == "roll-back")
    panel, id_of = opened_in(served, page)
    page.do(id_of(panel.form.review_button), click=True)
    until(lambda: panel.plan is not None)


def apply(served: Served, page: Page) -> Any:
    panel, id_of = opened_in(served, page)
    page.do(id_of(panel.form.confirmation), set={"value": "production"})
    page.do(id_of(panel.form.reason), set={"value": "v4 fails"})
    page.do(id_of(panel.form.apply_button), message={"pressed": True}, set={"disabled": False})
    page.do(id_of(panel.form.apply_button), message={"pressed": True})
    return panel


def test_a_page_only_reads_until_it_is_switched_and_no_other_is_with_it(pages: Pages) -> None:
    client = createos_nb.simulate("bad-release", read_only=True)
    address = {"project": "storefront", "environment": "production", "view": "roll-back"}

    def live() -> int:
        fleet = client.fleet.overview().set_index("environment")
        return int(fleet.loc["production", "version"])

    with run(Board(client)) as served:
        page, other = pages(served, address), pages(served, address)
        for one in (page, other):
            plan_of_rollback(served, one)
            assert one.state["readOnly"] is True
        page.until(lambda: "this page is read-only" in page.texts)
        panel = apply(served, page)  # also where a page switches on what is off
        visit = served.board.visit(page.welcome["visit"])
        assert visit is not None
        with pytest.raises(createos_nb.ReadOnlyError, match="this page is read-only"):
            panel.plan.apply(confirm="production", reason="v4 fails")
        with pytest.raises(createos_nb.ReadOnlyError, match="DeleteProject changes something"):
            visit.client.projects.delete("storefront")
        page.say(allow="another account")
        page.say(allow=None)
        page.do("0", click=True)
        assert page.state["readOnly"] is True
        page.say(allow="marlow")
        page.until(lambda: page.state["readOnly"] is False)
        page.until(lambda: "this page is read-only" not in page.texts)
        assert served.board.visit(other.welcome["visit"]).read_only  # type: ignore[union-attr]
        assert client.read_only
        until(lambda: panel.plan is not None and not panel.busy)
        before = live()
        apply(served, page)
        until(lambda: panel.receipt is not None)
        assert (panel.receipt.checks.result, before, live()) == ("PASS", 4, 3)
        page.say(allow=None)
        page.until(lambda: page.state["readOnly"] is True)
        assert other.state["readOnly"] is True


def test_a_visit_ends_with_its_page_and_too_many_are_refused(pages: Pages) -> None:
    board = Board(createos_nb.simulate("bad-release"), max_visits=2)
    with run(board, grace=0.2) as served:
        one, two = pages(served), pages(served)
        for page in (one, two):
            page.until(lambda page=page: page.state)
        three = pages(served)
        three.until(lambda: three.refused)
        assert "2 pages of this dashboard are open: close one" in three.refused
        one.close()
        until(lambda: board.visits == 1)
        four = pages(served)
        four.until(lambda: four.state)
        for page in (two, four):
            page.close()
        until(lambda: board.visits == 0)


def test_the_wall_is_one_for_all_and_rests_while_nobody_looks(pages: Pages) -> None:
    board = Board(createos_nb.simulate("bad-release"), "bad-release")
    with run(board) as served:
        one, two = pages(served, wall=True), pages(served, wall=True)
        for page in (one, two):
            page.until(lambda page=page: "Degraded" in page.texts)
        assert board.visits == 0
        assert "storefront / production" in one.texts
        wall = board.wall()
        assert wall.running
        one.say(event={"looking": False})
        two.close()
        until(lambda: not wall.running)
        one.say(event={"id": "1", "n": 1, "set": {"value": "<b>mine"}})
        one.say(event={"looking": True})
        until(lambda: wall.running)


@pytest.mark.parametrize("message", ["no JSON", "[]", b"", b"\xff\xff\xff\xff{}", b"\x02\x00\x00\x00{}more"])
def test_what_is_no_message_ends_the_connection_and_nothing_else(
    served: Served, pages: Pages, message: str | bytes
) -> None:
    with served.connect() as socket:
        socket.send(message)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=20)
    page = pages(served)
    page.until(lambda: page.state)
    page.socket.send(message)
    with pytest.raises(ConnectionClosed):
        page.until(lambda: False)
    again = pages(served, visit=page.welcome["visit"])
    again.until(lambda: again.state)


def test_events_that_make_no_sense_change_nothing(served: Served, pages: Pages) -> None:
    page = pages(served)
    page.until(lambda: page.state)
    for data in ({"event": 7}, {"event": {"id": "nobody", "click": True}}, {"page": "../x"}, {"page": 7}, {"other": 1}):
        page.socket.send(str(pack(data)))
    page.say(page="changes")
    page.until(lambda: page.state["address"] == {"page": "changes"})
