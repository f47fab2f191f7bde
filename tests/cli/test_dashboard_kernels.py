"""Kernels of a dashboard, counted as processes: one for each page that is open, none for pages that are gone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import nbformat
import pytest

from tests.panels.dashboards import LIMIT, Dashboard, serving

#: Speaks for ever: a kernel whose panel follows something is never idle by what it sends.
CHATTER = """
import threading, time
from IPython.display import display
handle = display(0, display_id=True)
def speak():
    while True:
        handle.update(time.time())
        time.sleep(0.2)
threading.Thread(target=speak, daemon=True).start()
"""


@pytest.fixture
def quick(tmp_path: Path) -> str:
    """The path of a notebook that is executed at once."""
    return written(tmp_path, "6 * 7")


@pytest.fixture
def person() -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True, timeout=LIMIT) as client:
        yield client


def written(folder: Path, code: str) -> str:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbformat.write(book, folder / "page.ipynb")
    return str(folder / "page.ipynb")


def kernel_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    found = re.search(r'"kernelId": "([^"]+)"', answer.text)
    assert found is not None
    return found[1]


def leave(person: httpx.Client, dashboard: Dashboard, kernel: str, **headers: str) -> int:
    """Say what a browser says when a page is left."""
    origin = {"Origin": dashboard.site} | headers
    return person.post(f"{dashboard.site}/voila/api/shutdown/{kernel}", headers=origin).status_code


def test_a_page_that_is_left_ends_its_kernel_and_no_other_site_can(
    tmp_path: Path, quick: str, person: httpx.Client
) -> None:
    with serving(tmp_path, quick, reload=1) as dashboard:
        kernel = kernel_of(person.get(dashboard.address))
        assert len(dashboard.kernels()) == 1
        for origin in ("https://evil.example", "null", "", dashboard.site.replace("http", "https") + ".evil.example"):
            assert leave(person, dashboard, kernel, Origin=origin) in (403, 404), origin
        assert person.post(f"{dashboard.site}/voila/api/shutdown/{kernel}").status_code == 403  # it says no origin
        with httpx.Client() as stranger:  # on this machine, without the token
            assert leave(stranger, dashboard, kernel) == 403
        time.sleep(4)
        assert len(dashboard.kernels()) == 1
        assert leave(person, dashboard, kernel) == 204
        dashboard.come_to(0, 15)
        assert kernel_of(person.get(dashboard.address)) != kernel


def test_a_reload_comes_back_to_its_kernel(tmp_path: Path, quick: str, person: httpx.Client) -> None:
    with serving(tmp_path, quick, reload=2) as dashboard:
        first = person.get(dashboard.address + "&theme=dark")
        kernel = kernel_of(first)
        assert dict(first.url.params) == {"theme": "dark", "visit": kernel}
        assert leave(person, dashboard, kernel) == 204
        again = person.get(first.url)
        assert (kernel_of(again), again.text) == (kernel, first.text)
        time.sleep(5)
        assert len(dashboard.kernels()) == 1


def test_a_name_that_is_allowed_is_answered_and_its_pages_end_their_kernels(
    tmp_path: Path, quick: str, person: httpx.Client
) -> None:
    with serving(tmp_path, quick, "--allow-host", "Notebooks.example.test", reload=1) as dashboard:
        person.headers["Host"] = "notebooks.example.test"
        answer = person.get(dashboard.address)
        kernel = kernel_of(answer)
        assert "wss://notebooks.example.test:*" in answer.headers["content-security-policy"]
        assert leave(person, dashboard, kernel) in (403, 404)  # of the other name: another site
        assert leave(person, dashboard, kernel, Origin="https://notebooks.example.test") == 204
        dashboard.come_to(0, 20)
        person.headers["Host"] = "other.example.test"
        refused = person.get(dashboard.address)
        assert refused.status_code == 403
        assert "--allow-host" in refused.text


def test_two_who_load_one_page_at_once_share_its_kernel(tmp_path: Path, quick: str, person: httpx.Client) -> None:
    with serving(tmp_path, quick) as dashboard:
        issued = person.get(dashboard.address, follow_redirects=False).headers["location"]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(person.get, [dashboard.site + issued] * 4))
        assert len({kernel_of(answer) for answer in answers}) == 1
        assert len(dashboard.kernels()) == 1


def test_visits_at_once_are_limited_and_a_place_that_is_left_is_free_at_once(
    tmp_path: Path, quick: str, person: httpx.Client
) -> None:
    with serving(tmp_path, quick, max_visits=2, connects=600, reload=600) as dashboard:
        person.get(dashboard.address, follow_redirects=False)  # the door is open, and no page was loaded
        with ThreadPoolExecutor(5) as pool:
            answers = list(pool.map(person.get, [dashboard.address] * 5))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503]
        full = next(answer for answer in answers if answer.status_code == 503)
        assert "2 pages of this dashboard are open" in full.text
        assert "close one" in full.text
        assert len(dashboard.kernels()) == 2
        kernels = {kernel_of(answer) for answer in answers if answer.status_code == 200}
        left = kernels.pop()
        assert leave(person, dashboard, left) == 204
        assert kernel_of(person.get(full.url)) not in {left, *kernels}
        assert len(dashboard.kernels()) == 2


def test_a_browser_that_vanished_leaves_no_kernel_though_it_speaks_on(tmp_path: Path, person: httpx.Client) -> None:
    with serving(tmp_path, written(tmp_path, CHATTER), away=3) as dashboard:
        kernel_of(person.get(dashboard.address))
        assert len(dashboard.kernels()) == 1
        dashboard.come_to(0, 20)


@pytest.mark.slow
def test_a_page_that_is_left_while_it_is_loading_leaves_nothing_and_says_nothing(
    tmp_path: Path, person: httpx.Client
) -> None:
    said = tmp_path / "said"
    with serving(tmp_path, written(tmp_path, "import time; time.sleep(600)"), reload=1) as dashboard:
        for wait in (0.2, 6.0):  # while the kernel is being started, and while the cell is at work
            with person.stream("GET", dashboard.address):
                time.sleep(wait)
            time.sleep(3)
        dashboard.come_to(0, 60)
        time.sleep(5)
        assert dashboard.kernels() == []
        assert len(said.read_text().splitlines()) == 2, said.read_text()


def test_a_kernel_that_died_is_not_taken_for_the_page(tmp_path: Path, quick: str, person: httpx.Client) -> None:
    with serving(tmp_path, quick) as dashboard:
        first = person.get(dashboard.address)
        for one in dashboard.kernels():
            one.kill()
        time.sleep(4)
        again = person.get(first.url)
        assert kernel_of(again) != kernel_of(first)
        assert len(dashboard.kernels()) == 1
