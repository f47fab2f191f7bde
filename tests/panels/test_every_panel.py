"""What holds for all panels: no secret in a widget's state, hostile texts stay texts, they always build and end."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import comm
import nbclient
import nbformat
import pytest

from createos_nb import panels, runbooks
from createos_nb.errors import CreateOSError
from tests.panels.hostile import EVERYTHING, TEXTS, TYPED, client_of, unreachable, world_of_secrets
from tests.panels.robot import Record, press_everything, settled, threads_left

ROOT = Path(__file__).parents[2]
#: What a panel is opened with, by the names of its parameters: a new panel joins by itself.
ARGUMENTS = {"project": "storefront", "environment": "production", "blue": "blue", "green": "green"}
OPTIONAL = {"path", "domain", "since", "timeout", "alpha", "beta", "worse"}
#: The panels over a client: that of a drill is over a drill, and has tests of its own.
NAMES = [name for name in panels.__all__ if "client" in inspect.signature(getattr(panels, name)).parameters]
#: Panels that say nothing of a network that is down: what they show is on the disk, or nothing is read at first.
QUIET = {"journal"}
#: Panels in which the robot carries a plan out: what it shows of that is looked at, too.
CARRIED_OUT = {"api_keys", "assign", "domains", "journal", "rollback", "scale", "security", "variables"}
#: Panels that have no button that could write anything.
LOOKING = {"logs", "overview", "release_watch", "traffic"}
#: HTML that no panel writes itself.
MARKUP = ("<img src=x", "<script>hostile", "</td></table>&lt;b")
CONTROLS = ("\x1b", "\x07", "\x08", "\x9b", "\u202e", "\u2066", "\u2069", "\u2028")

Opened = Callable[..., Any]


@pytest.fixture(autouse=True)
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses for people who watch, and no journals in the user's own folder."""
    monkeypatch.setattr("createos_nb.panels.plan.form._MIN_EVENT_DISPLAY", 0.0)
    monkeypatch.setattr("createos_nb.panels.background._MAX_REAL_PAUSE", 0.01)
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch) -> Record:
    """All that widgets send to the browser."""
    own = Record()
    monkeypatch.setattr(comm, "create_comm", own.comm)
    return own


@pytest.fixture
def opened() -> Iterator[Opened]:
    """`opened(name, client, text="", **other)` opens a panel; afterwards it is closed."""
    mine: list[Any] = []

    def build(name: str, client: Any, text: str = "", **other: str) -> Any:
        given = {}
        for parameter in list(inspect.signature(getattr(panels, name)).parameters)[1:]:
            assert parameter in ARGUMENTS or parameter in OPTIONAL, (
                f"name in ARGUMENTS of this file what {parameter!r} of the panel {name} is in the scenario storefront"
            )
            if parameter in ARGUMENTS:
                given[parameter] = other.get(parameter, text + ARGUMENTS[parameter])
        mine.append(getattr(panels, name)(client, **given))
        settled(mine[-1])
        return mine[-1]

    yield build
    for panel in mine:
        panel.close()


def told_of(state: Any, words: list[str] | tuple[str, ...]) -> list[str]:
    """Those of the words that stand anywhere in a state."""
    text = json.dumps(state, ensure_ascii=False)
    return [word for word in words if json.dumps(word, ensure_ascii=False)[1:-1] in text]


def check(record: Record, secrets: list[str]) -> None:
    """No secret and no control sequence in any state; no markup of the platform's in any HTML."""
    states = list(record.states())
    assert len(states) > 5
    for _, view, state in states:
        assert not told_of(state, secrets), f"a secret in {view}: {sorted(state)}"
        assert not told_of(state, CONTROLS), f"control sequences in {view}: {state}"
        if view.startswith("HTML"):
            assert not told_of(state, MARKUP), f"markup in {view}: {state}"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.grid(6)
def test_no_state_ever_holds_a_secret_or_markup_of_the_platform(
    name: str, record: Record, opened: Opened, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is pressed, typed and carried out, in a world of hostile texts; also what is static, and the repr."""
    world, secrets = world_of_secrets()
    client = client_of(world, EVERYTHING)
    # something that a journal tells of
    plan = runbooks.scale(client, EVERYTHING + "storefront", EVERYTHING + "staging", replicas=3)
    plan.apply(confirm=plan.digest, reason=EVERYTHING)
    panel = opened(name, client, EVERYTHING)
    press_everything(panel)
    if name in CARRIED_OUT:
        assert panel.receipt is not None
    secrets = list({*secrets, *(key.secret for key in world.state.keys.values())})  # those that were made meanwhile
    check(record, secrets)
    bundle = panel._repr_mimebundle_()
    assert not told_of(bundle, [*secrets, *CONTROLS])
    assert not told_of(bundle["text/html"], MARKUP)
    assert "\n" not in repr(panel)
    assert not told_of(capsys.readouterr().out, secrets)
    panel.close()
    assert not threads_left()
    check(record, secrets)


@pytest.mark.grid(8)
@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("name", NAMES)
def test_hostile_texts_are_texts(name: str, kind: str, record: Record, opened: Opened) -> None:
    """Each kind alone: what one kind hides another shows."""
    world, secrets = world_of_secrets()
    panel = opened(name, client_of(world, TEXTS[kind]), TEXTS[kind])
    check(record, secrets)
    assert panel.last_error is None, panel.last_error
    assert len(repr(panel)) < 300 + 2 * len(TEXTS[kind])
    assert not told_of(panel.static(), [*secrets, *MARKUP, *CONTROLS])


@pytest.mark.parametrize(
    "name", [one for one in NAMES if "project" in inspect.signature(getattr(panels, one)).parameters]
)
def test_a_project_that_is_not_there_is_said_in_words(name: str, opened: Opened) -> None:
    world, _ = world_of_secrets()
    panel = opened(name, client_of(world), project="no-such-project")
    assert "no-such-project" in panel._view.error.value
    assert isinstance(panel.last_error, CreateOSError)
    assert "no-such-project" in panel.static()


@pytest.mark.grid(2)
@pytest.mark.parametrize("virtual", [True, False], ids=["at once", "beside the kernel"])
@pytest.mark.parametrize("name", NAMES)
def test_a_network_that_is_down_is_said_in_words(name: str, virtual: bool, opened: Opened, wire: Any) -> None:
    clock = wire.Clock()
    clock.virtual = virtual
    panel = opened(name, unreachable(clock))
    if name not in QUIET:
        assert "no route to host" in panel._view.error.value
        assert isinstance(panel.last_error, CreateOSError)
    with pytest.raises(CreateOSError):
        panel.run()
    panel.close()
    assert not threads_left()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.grid(4)
def test_a_client_that_only_reads_changes_nothing(name: str, opened: Opened) -> None:
    """It builds, and whatever is pressed, the world stays as it is."""
    world, _ = world_of_secrets()
    before = len(world.state.journal)
    panel = opened(name, client_of(world, read_only=True))
    if name not in LOOKING:
        press_everything(panel)
    assert not [one for one in world.state.journal[before:] if one.what in CHANGES]
    panel.close()
    assert not threads_left()


#: What the world notes when somebody has changed something.
CHANGES = (
    "deployment queued",
    "deployment assigned",
    "deployment cancelled",
    "environment changed",
    "environment made",
    "environment resized",
    "variables changed",
    "project settings changed",
    "domain made",
    "domain routed",
    "domain deleted",
    "API key made",
    "API key revoked",
    "scan made",
)

BOOK = """
from createos_nb import panels
from tests.panels.hostile import EVERYTHING, client_of, world_of_secrets
from tests.panels.test_every_panel import ARGUMENTS
import inspect
world, secrets = world_of_secrets()
client = client_of(world, EVERYTHING)
opened = []
for name in {names!r}:
    build = getattr(panels, name)
    asked = [one for one in inspect.signature(build).parameters if one in ARGUMENTS]
    opened.append(build(client, **{{one: EVERYTHING + ARGUMENTS[one] for one in asked}}))
    display(opened[-1])
"""
LOOK = """
for panel in opened:
    panel.wait(60)
    if hasattr(panel, "review"):
        panel.review()
        panel.wait(60)
    if hasattr(panel, "reveal"):
        panel.params["chosen"] = panel.listed["variable"].iloc[0]
        panel.reveal()
        panel.wait(60)
    if hasattr(panel, "create"):
        panel.params["name"] = "saved-notebook"
        print(panel.create())
"""


def test_a_saved_notebook_holds_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Executed by a real kernel, with the state of its widgets, as JupyterLab saves it."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    cells = [nbformat.v4.new_code_cell(BOOK.format(names=list(NAMES))), nbformat.v4.new_code_cell(LOOK)]
    book = nbformat.v4.new_notebook(cells=cells)
    client = nbclient.NotebookClient(
        book,
        timeout=120,
        store_widget_state=True,
        resources={"metadata": {"path": str(ROOT)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    client.execute()
    path = tmp_path / "saved.ipynb"
    nbformat.write(book, path)
    saved = path.read_text(encoding="utf-8")
    state = book.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert len(state) > 20 * len(NAMES)
    _, secrets = world_of_secrets()
    assert not told_of(saved, secrets)
    assert "skp_" not in saved
    assert TYPED not in saved
    assert not told_of([one["state"] for one in state.values()], CONTROLS)
