"""The pytest plugin: a fixture with a client over a simulated world, for tests of automation that uses this package.

pytest finds it by itself. It imports the client and the simulator where a test asks for the fixture, and not before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from createos_nb.client.client import Client

_MARKER: Final = (
    "scenario(name, seed=7, **options): the world of the fixture createos_world: the name of a scenario or the path of "
    "a file, and what else createos_nb.simulate takes."
)
#: Where journals, profiles and histories lie.
_FOLDERS: Final = ("CREATEOS_NB_JOURNALS", "CREATEOS_NB_CONFIG", "CREATEOS_NB_HISTORY")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker.

    Args:
        config: pytest's.
    """
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def createos_world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    """Yield a client over a simulated world that is this test's own: no network, no key, no waiting.

    Without a marker it is the scenario "storefront". `createos_world.world` is the world: its clock (`advance`), and
    what happens in it (`push`, `set_behavior`, `faults`, …). Meanwhile journals, profiles and histories lie in a folder
    of the test, and variables with keys are away from the environment, so that nothing reaches an account. The client
    is closed after the test.
    """
    import createos_nb

    marker = request.node.get_closest_marker("scenario")
    arguments, options = (marker.args, marker.kwargs) if marker is not None else ((), {})
    for name in [name for name in os.environ if name.startswith("CREATEOS_")]:
        monkeypatch.delenv(name)
    folder = tmp_path_factory.mktemp("createos")
    for name in _FOLDERS:
        monkeypatch.setenv(name, str(folder / name.lower()))
    wrong = ""
    try:
        client = createos_nb.simulate(*arguments, **options)
    except (createos_nb.InvalidInput, TypeError) as error:
        wrong = f"createos_world: @pytest.mark.scenario: {error}"
    if wrong:  # beyond the `except`, so that this line is all that is shown
        pytest.fail(wrong, pytrace=False)
    with client:
        yield client
