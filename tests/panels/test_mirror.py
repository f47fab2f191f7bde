"""The mirror of a panel: what a browser is told, what it may do, and what it can't."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import anywidget
import ipywidgets as widgets
import pytest
import traitlets
from anywidget._file_contents import FileContents

from createos_nb import panels
from createos_nb.html import Html
from createos_nb.panels.mirror.mirror import Mirror, Viewer
from createos_nb.panels.mirror.widget import MirrorWidget
from tests.panels.hostile import TEXTS


class Own(anywidget.AnyWidget):
    """One with bytes in a trait, as a chart has them."""

    _esm = "export default {}"
    _css = ".own {}"
    data = traitlets.Bytes(b"").tag(sync=True)
    size = traitlets.Int(1).tag(sync=True)
    inner = traitlets.Int(1)

    @traitlets.validate("size")
    def _small(self, proposal: Any) -> int:
        if proposal["value"] > 9:
            raise traitlets.TraitError("at most 9")
        return int(proposal["value"])


class Page:
    """A viewer that keeps what it was told, as a browser does."""

    def __init__(self, mirror: Mirror, **how: Any) -> None:
        self.mirror, self.notes = mirror, 0
        self.widgets: dict[str, Any] = {}
        self.messages: list[Any] = []
        self.told: list[Any] = []
        self.viewer: Viewer = mirror.viewer(self._note, **how)
        self.number = 0
        self.take()

    def _note(self) -> None:
        self.notes += 1

    def take(self) -> dict[str, Any] | None:
        update = self.viewer.take()
        if update is None:
            return None
        json.dumps(update.data, allow_nan=False)
        for id in update.data["gone"]:
            del self.widgets[id]
        self.widgets |= update.data["widgets"]
        for id, state in update.data["set"].items():
            self.widgets[id]["state"] |= state
        self.messages += update.data["messages"]
        self.told.append(update)
        return update.data

    def of(self, widget: widgets.Widget) -> dict[str, Any]:
        self.take()
        id = self.mirror.id_of(widget)
        assert id is not None
        return dict(self.widgets[id]["state"])

    def do(self, widget: widgets.Widget, parts: Any = (), /, **event: Any) -> None:
        self.number += 1
        self.viewer.receive({"id": self.mirror.id_of(widget), "n": self.number, **event}, parts)


def test_the_first_update_is_the_whole_tree_and_the_next_what_has_changed() -> None:
    text, button = widgets.Text("a", description="Name"), widgets.Button(description="Go")
    root = widgets.VBox([text, widgets.HBox([button])])
    page = Page(Mirror(root))
    assert [one["kind"] for one in page.widgets.values()] == ["VBoxView", "HBoxView", "ButtonView", "TextView"]
    assert page.of(root)["children"] == [page.mirror.id_of(text), page.mirror.id_of(root.children[1])]
    assert page.take() is None
    for value in "bcd":
        text.value = value
    button.layout.display = "none"
    button.add_class("wide")
    told = page.take()
    assert told is not None
    assert told["set"][page.mirror.id_of(text)] == {"value": "d"}
    assert page.of(button)["layout"] == {"display": "none"}
    assert tuple(page.of(button)["_dom_classes"]) == ("wide",)
    assert page.take() is None


def test_what_comes_into_the_tree_is_told_and_what_has_left_it_is_not_observed() -> None:
    first, second = widgets.Text("1"), widgets.Text("2")
    root = widgets.VBox([first])
    page = Page(Mirror(root))
    gone = page.mirror.id_of(first)
    root.children = (second,)
    told = page.take()
    assert told is not None
    assert told["gone"] == [gone]
    assert [one["state"]["value"] for one in told["widgets"].values()] == ["2"]
    notes = page.notes
    first.value = "nobody sees it"
    assert (page.notes, page.take()) == (notes, None)
    page.viewer.receive({"id": gone, "n": 1, "set": {"value": "late"}})
    assert first.value == "nobody sees it"
    second.value = "seen"
    assert page.of(second)["value"] == "seen"


def test_a_layout_that_is_replaced_is_followed() -> None:
    text = widgets.Text()
    page = Page(Mirror(text))
    before, text.layout = text.layout, widgets.Layout(width="9em")
    assert page.of(text)["layout"] == {"width": "9em"}
    text.layout.display = "none"
    assert page.of(text)["layout"] == {"width": "9em", "display": "none"}
    before.display = "grid"
    assert page.take() is None


def test_a_value_of_the_browser_passes_the_widgets_validation_and_a_refused_one_comes_back() -> None:
    number, choice = widgets.BoundedIntText(3, min=0, max=5), widgets.Dropdown(options=[("One", 1), ("Two", 2)])
    own = Own()
    page = Page(Mirror(widgets.VBox([number, choice, own])))
    page.do(choice, set={"index": 1})
    assert choice.value == 2
    page.do(number, set={"value": 99})
    assert number.value == 5
    assert page.of(number)["value"] == 5
    page.do(own, set={"size": 10})
    page.do(choice, set={"index": 7})
    page.do(number, set={"value": "many"})
    told = page.take()
    assert told is not None
    assert told["set"][page.mirror.id_of(own)] == {"size": 1}
    assert told["set"][page.mirror.id_of(choice)] == {"index": 1}
    assert told["ack"] == 5
    assert (own.size, choice.value, number.value) == (1, 2, 5)


@pytest.mark.parametrize("name", ["children", "disabled", "layout", "_esm", "_dom_classes", "inner", "comm", "options"])
def test_a_browser_sets_nothing_but_what_a_hand_changes(name: str) -> None:
    own, choice = Own(), widgets.Dropdown(options=["a", "b"])
    root = widgets.VBox([own, choice])
    page = Page(Mirror(root))
    for widget in (root, own, choice):
        before = getattr(widget, name, None)
        page.do(widget, set={name: "x"})
        assert getattr(widget, name, None) == before


def test_html_is_the_panels_alone() -> None:
    html = widgets.HTML("<b>ours</b>")
    page = Page(Mirror(html))
    page.do(html, set={"value": "<script>"})
    assert html.value == "<b>ours</b>"


def test_what_is_disabled_does_nothing_whatever_a_page_says() -> None:
    clicked: list[Any] = []
    button, text = widgets.Button(disabled=True), widgets.Text("a", disabled=True)
    button.on_click(clicked.append)
    page = Page(Mirror(widgets.VBox([button, text])))
    page.do(button, click=True)
    page.do(text, set={"value": "b"})
    assert (clicked, text.value) == ([], "a")
    assert page.of(text)["value"] == "a"
    button.disabled = False
    page.do(button, click=True)
    page.do(text, click=True)  # no button
    assert clicked == [button]


def test_messages_and_bytes_go_both_ways() -> None:
    own, heard = Own(), []
    own.on_msg(lambda widget, content, buffers: heard.append((content, [bytes(one) for one in buffers])))
    page = Page(Mirror(widgets.VBox([own])))
    id = page.mirror.id_of(own)
    own.data = b"\x00\x01"
    own.send({"kind": "more"}, [b"abc"])
    update = page.viewer.take()
    assert update is not None
    assert update.data["buffers"] == [[id, ["data"]]]
    assert update.data["messages"] == [{"id": id, "content": {"kind": "more"}, "buffers": 1}]
    assert update.buffers == [b"\x00\x01", b"abc"]
    page.do(own, [b"up"], message={"kind": "chunk"})
    assert heard == [({"kind": "chunk"}, [b"up"])]
    page.do(own, [b"\x09"], set={"data": None}, buffers=[["data"]])
    assert own.data == b"\x09"


def test_a_page_that_takes_nothing_does_not_fill_the_memory() -> None:
    own = Own()
    page = Page(Mirror(own))
    for number in range(5_000):
        own.send({"n": number})
    told = page.take()
    assert told is not None
    assert 0 < len(told["messages"]) <= 1_000
    assert told["messages"][-1]["content"] == {"n": 4_999}


def test_modules_are_told_by_digest_or_sent_once() -> None:
    root = widgets.VBox([Own(), Own()])
    apart = Page(Mirror(root))
    states = [one["state"] for one in apart.widgets.values() if one["kind"] == "AnyView"]
    assert {apart.mirror.modules.get(state["_esm"]) for state in states} == {"export default {}"}
    assert {apart.mirror.modules.get(state["_css"]) for state in states} == {".own {}"}
    within = Page(Mirror(root), with_modules=True)
    assert sorted(within.told[0].data["modules"].values()) == [".own {}", "export default {}"]
    root.children = (*root.children, Own())
    told = within.take()
    assert told is not None
    assert told["modules"] == {}


def test_several_look_at_one_tree_and_each_is_told_what_another_did() -> None:
    text = widgets.Text("a")
    mirror = Mirror(widgets.VBox([text], _view_count=0))
    one, other = Page(mirror), Page(mirror)
    assert mirror._root._view_count == 2
    one.do(text, set={"value": "b"})
    assert other.of(text)["value"] == "b"
    assert one.of(text)["value"] == "b"
    other.viewer.looking = False
    assert mirror._root._view_count == 1
    other.viewer.close()
    one.viewer.close()
    assert mirror._root._view_count == 0
    text.value = "c"
    assert mirror.looking == 0


def test_a_panel_that_nobody_sees_does_not_poll(client: Any) -> None:
    panel = panels.overview(client)
    page = Page(Mirror(panel.box))
    panel.params["live"] = True
    assert panel._follower.running
    page.viewer.looking = False
    assert not panel._follower.running
    page.viewer.receive({"looking": True})
    assert panel._follower.running
    page.viewer.close()
    assert not panel._follower.running


def test_changes_on_many_threads_are_all_seen_in_the_end() -> None:
    texts = [widgets.Text() for _ in range(8)]
    root = widgets.VBox(texts)
    page = Page(Mirror(root))
    done = threading.Event()

    def work(text: widgets.Text) -> None:
        for number in range(200):
            text.value = str(number)
            if number % 20 == 0:
                root.children = tuple(reversed(root.children))

    def look() -> None:
        while not done.is_set():
            page.take()

    looking = threading.Thread(target=look)
    looking.start()
    workers = [threading.Thread(target=work, args=(text,)) for text in texts]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    done.set()
    looking.join()
    assert [page.of(text)["value"] for text in texts] == ["199"] * 8
    assert page.of(root)["children"] == [page.mirror.id_of(child) for child in root.children]


def test_a_closed_mirror_holds_nothing() -> None:
    text = widgets.Text()
    mirror = Mirror(widgets.VBox([text]))
    page = Page(mirror)
    mirror.close()
    notes = page.notes
    text.value = "b"
    text.send({"n": 1})
    assert (page.notes, mirror.id_of(text)) == (notes, None)


@pytest.mark.parametrize("event", [None, 7, [], {}, {"id": 3}, {"id": "1", "set": 7}, {"id": "1", "n": "x", "set": {}}])
def test_what_makes_no_sense_changes_nothing(event: Any) -> None:
    text = widgets.Text("a")
    page = Page(Mirror(text))
    page.viewer.receive(event)
    assert text.value == "a"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_names_are_text_in_what_is_told(text: str) -> None:
    label = widgets.Text(text, description=text)
    page = Page(Mirror(label))
    assert page.of(label)["value"] == text


def test_a_person_chooses_opens_and_plans_by_events_alone(client: Any) -> None:
    panel = panels.scale(client, "storefront", "production")
    page = Page(Mirror(panel.box))
    page.do(panel.params.control("replicas").widget, set={"value": 2})
    page.do(panel.form.review_button, click=True)
    assert panel.wait(60)
    assert panel.plan is not None
    assert panel.form.document.value == page.of(panel.form.document)["value"] != ""
    page.do(panel.params.control("reason").widget, set={"value": "the sale"})
    page.do(panel.params.control("confirm").widget, set={"value": "production"})
    page.do(panel.form.apply_button, message={"pressed": True})
    assert panel.wait(60)
    assert panel.receipt is not None
    assert panel.receipt.checks.result == "PASS"


def test_no_widget_is_given_the_path_of_its_module() -> None:
    """anywidget watches a file, and keeps each widget of it in memory for as long as the process lives."""
    remaining = list(anywidget.AnyWidget.__subclasses__())
    found = []
    while remaining:
        own = remaining.pop()
        remaining += own.__subclasses__()
        if own.__module__.startswith("createos_nb."):
            found.append(own.__name__)
            for name in ("_esm", "_css"):
                watched = isinstance(vars(own).get(name), FileContents)
                assert not watched, f"{own.__name__}.{name} is a path: take front_text() of components.py"
    assert "Grid" in found


def test_marimo_is_told_plain_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its encoder makes an empty object of a text of a class of our own."""
    sent: list[Any] = []
    monkeypatch.setattr(MirrorWidget, "send", lambda self, content, buffers=None: sent.append(content))
    shown = widgets.HTML(Html("<b>ours</b>"))
    own = MirrorWidget(widgets.VBox([shown]))
    own._on_message(own, {"viewer": "one", "here": True}, [])
    for _ in range(200):
        if sent:
            break
        time.sleep(0.02)
    states = [one["state"] for one in sent[0]["update"]["widgets"].values()]
    (value,) = [state["value"] for state in states if "value" in state]
    assert (type(value), value) == (str, "<b>ours</b>")
    own.close()
