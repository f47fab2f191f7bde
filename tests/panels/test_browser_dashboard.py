"""The control room as a dashboard: on loopback, with a token, by the command that people run."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from createos_nb.cli import main
from tests.panels.conftest import headed
from tests.panels.dashboards import Dashboard, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serving(tmp_path_factory.mktemp("dashboard")) as own:
        yield own


@pytest.fixture
def dashboard(running: Dashboard) -> str:
    """The address that `createos-nb dashboard` prints."""
    return running.address


def test_the_control_room_opens_with_its_token_alone(dashboard: str, browser: Any) -> None:
    """Without the token there is a page that asks for it; with it, a person opens an environment."""
    from tests.panels.conftest import answered

    bare = dashboard.partition("?")[0]
    assert bare.startswith("http://127.0.0.1:")
    answered(bare)
    with urllib.request.urlopen(bare, timeout=10) as answer:
        assert "/login" in answer.url
        assert "createos-panel" not in answer.read().decode()
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.goto(dashboard, timeout=60_000)
    page.get_by_role("heading", name="Fleet").wait_for(timeout=60_000)
    page.get_by_role("radio", name="choose storefront / production").check()
    page.get_by_label("Open as").select_option(label="traffic")
    page.get_by_role("button", name="Open", exact=True).click()
    headed(page, "Traffic", "storefront / production").wait_for(timeout=20_000)
    page.goto("about:blank")  # so that it says that it is left: what is closed by a program doesn't
    page.close()


def test_another_host_is_refused_on_every_path(dashboard: str) -> None:
    """A page of another name that was pointed at this machine gets nothing, also with the token."""
    import urllib.error

    from tests.panels.conftest import answered

    answered(dashboard.partition("?")[0])
    port = dashboard.rpartition(":")[2].partition("/")[0]
    for path in ("/", "/?" + dashboard.partition("?")[2], "/voila/static/voila.js", "/api/kernels/x"):
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.", "[::2]", "0"):
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request, timeout=10)
            assert refused.value.code == 403, (path, host)
            refused.value.close()
    with urllib.request.urlopen(
        urllib.request.Request(dashboard.partition("?")[0], headers={"Host": f"localhost:{port}"}), timeout=10
    ) as answer:
        assert answer.status == 200


@pytest.mark.slow
def test_a_closed_page_ends_its_kernel_and_nothing_is_asked_elsewhere(running: Dashboard, browser: Any) -> None:
    running.come_to(0)
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    ended: list[int] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url.replace("ws:", "http:", 1)))
    page.on("response", lambda answer: ended.append(answer.status) if "/api/shutdown/" in answer.url else None)
    page.goto(running.address, timeout=60_000)
    page.get_by_role("heading", name="Fleet").wait_for(timeout=60_000)
    page.get_by_role("radio", name="choose storefront / production").check()
    page.get_by_label("Open as").select_option(label="traffic")
    page.get_by_role("button", name="Open", exact=True).click()
    headed(page, "Traffic", "storefront / production").wait_for(timeout=20_000)
    assert len(running.kernels()) == 1
    page.goto("about:blank")
    running.come_to(0, 40)
    context.close()
    assert ended in ([], [204])  # of a page that has gone the browser doesn't always tell
    assert any("/channels" in url for url in asked)
    assert [url for url in asked if not url.startswith((running.site, "data:", "blob:", "about:"))] == []


@pytest.mark.slow
def test_a_reload_finds_what_was_chosen_opened_and_typed(running: Dashboard, browser: Any) -> None:
    running.come_to(0)
    context = browser.new_context(viewport={"width": 1200, "height": 1400})
    page = context.new_page()
    page.goto(running.address, timeout=60_000)
    page.get_by_role("heading", name="Fleet").wait_for(timeout=60_000)
    page.get_by_label("Window").first.select_option(label="last 6 hours")
    page.get_by_role("radio", name="choose storefront / staging").check()
    page.get_by_label("Open as").select_option(label="logs")
    page.get_by_role("button", name="Open", exact=True).click()
    heading = headed(page, "Logs", "storefront / staging")
    heading.wait_for(timeout=20_000)
    page.get_by_label("Search").fill("GET")
    page.get_by_label("Search").press("Enter")
    page.wait_for_timeout(2_000)
    before, chosen = page.url, "one => one.selectedOptions[0].label.replaceAll('\\u00a0', ' ')"
    for _ in range(2):
        page.reload(timeout=60_000)
        heading.wait_for(timeout=60_000)
        assert page.url == before
        assert page.get_by_role("radio", name="choose storefront / staging").is_checked()
        assert page.get_by_label("Window").first.evaluate(chosen) == "last 6 hours"
        assert page.get_by_label("Open as").evaluate(chosen) == "logs"
        assert page.get_by_label("Search").input_value() == "GET"
    page.wait_for_timeout(13_000)  # longer than a page that was left is waited for
    assert len(running.kernels()) == 1
    page.get_by_role("button", name="Close").click()
    heading.wait_for(state="detached", timeout=20_000)
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])")
    assert running.address.partition("token=")[2] not in kept
    page.goto("about:blank")
    running.come_to(0, 40)
    context.close()


def test_a_port_in_use_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        own.listen()
        assert main(["dashboard", "--no-browser", "--port", str(own.getsockname()[1])]) == 1
    said = capsys.readouterr().err
    assert "can't be used" in said
    assert "--port 0" in said
    assert said.count("\n") == 1


def test_a_notebook_with_a_world_of_its_own_is_not_served_live(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboard", "31_build_your_own_world", "--live", "--no-browser", "--port", "0"]) == 2
    assert "not --live" in capsys.readouterr().err
