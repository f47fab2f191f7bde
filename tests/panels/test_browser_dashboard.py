"""The control room as a dashboard: on loopback, with a token, by the command that people run."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from createos_nb.cli import main

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[str]:
    """The address that `createos-nb dashboard` prints."""
    command = [sys.executable, "-c", "import sys; from createos_nb.cli import main; sys.exit(main())"]
    said = tmp_path / "said"
    with said.open("w") as log:
        own = subprocess.Popen(
            [*command, "dashboard", "--no-browser", "--port", "0"], stdout=log, stderr=subprocess.STDOUT, cwd=ROOT
        )
    try:
        end = time.monotonic() + 60
        while "Ctrl-C" not in said.read_text():
            assert own.poll() is None, said.read_text()
            assert time.monotonic() < end, said.read_text()
            time.sleep(0.1)
        yield said.read_text().split()[1]
    finally:
        own.terminate()
        own.wait(30)


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
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_role("heading", name="Traffic · storefront / production").wait_for(timeout=20_000)
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


def test_a_closed_page_ends_its_kernel_and_nothing_is_asked_elsewhere(dashboard: str, browser: Any) -> None:
    from tests.panels.conftest import answered

    answered(dashboard.partition("?")[0])
    page = browser.new_page()
    elsewhere: list[str] = []
    ended: list[int] = []
    mine = dashboard.partition("?")[0]

    def failed(request: Any) -> None:
        # what the policy refuses never leaves the browser
        if not request.url.startswith((mine, "data:", "blob:")) and request.failure != "csp":
            elsewhere.append(f"{request.url}: {request.failure}")

    def finished(response: Any) -> None:
        if not response.url.startswith((mine, "data:", "blob:")):
            elsewhere.append(response.url)
        if "/api/shutdown/" in response.url:
            ended.append(response.status)

    page.on("requestfailed", failed)
    page.on("response", finished)
    page.goto(dashboard, timeout=60_000)
    page.get_by_role("heading", name="Fleet").wait_for(timeout=60_000)
    kernel = page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")
    there = f"{mine}api/kernels/{kernel}"
    assert page.request.get(there).status == 200
    page.goto("about:blank")
    end = time.monotonic() + 15
    while page.request.get(there).status == 200:
        assert time.monotonic() < end, f"the kernel is still there; its shutdown was answered with {ended}"
        time.sleep(0.2)
    page.close()
    assert elsewhere == []


def test_a_port_in_use_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        own.listen()
        assert main(["dashboard", "--no-browser", "--port", str(own.getsockname()[1])]) == 1
    assert "is in use: give --port" in capsys.readouterr().err


def test_a_notebook_with_a_world_of_its_own_is_not_served_live(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboard", "31_build_your_own_world", "--live", "--no-browser", "--port", "0"]) == 2
    assert "not --live" in capsys.readouterr().err
