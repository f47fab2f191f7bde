"""Messages reach their targets, each once; what fails is told, and no secret of an address shows anywhere."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import pytest

import createos_nb
from createos_nb.notify import Message, Notifier
from createos_nb.notify.announcer import Announcer
from tests.notify.receiver import TOKEN, Receiver

MESSAGE = Message(
    title="[page] storefront/production", body="2 % fail\n  createos-nb diagnose storefront", kind="failure"
)


def test_a_webhook_gets_the_message_over_http(receiver: Receiver) -> None:
    notifier = Notifier(receiver.address)
    assert notifier.send("json", MESSAGE) == ""
    (body,) = receiver.posted
    assert body["title"] == MESSAGE.title
    assert body["message"].splitlines() == MESSAGE.body.splitlines()
    assert body["type"] == "failure"


@pytest.mark.parametrize("kind", ["info", "success", "warning", "failure"])
def test_every_kind_is_one_of_apprise(receiver: Receiver, kind: Any) -> None:
    assert Notifier(receiver.address)(Message(title="x", kind=kind)) == {}
    assert receiver.posted[0]["type"] == kind


def test_a_message_of_another_kind_is_refused() -> None:
    with pytest.raises(createos_nb.InvalidInput, match="info, success, warning, failure, not 'page'"):
        Message(title="x", kind="page")  # type: ignore[arg-type]


def test_control_characters_of_names_do_not_reach_terminals() -> None:
    message = Message(title="red\x1b[31m\nshop", body="a\x07b\nc")
    assert "\x1b" not in message.title
    assert "\n" not in message.title
    assert "\x07" not in message.body
    assert message.body.count("\n") == 1


def test_what_fails_is_told_and_the_others_get_it(receiver: Receiver) -> None:
    receiver.statuses = [500]
    told: list[Message] = []
    notifier = Notifier([receiver.address, told.append])
    reasons = notifier(MESSAGE)
    assert list(reasons) == ["json"]
    assert "500" in reasons["json"]
    assert told == [MESSAGE]


def test_targets_of_one_service_have_names_of_their_own(receiver: Receiver) -> None:
    notifier = Notifier([receiver.address, receiver.address, print, createos_nb.Secret(receiver.address)])
    assert notifier.names == ["json", "json 2", "print", "json 3"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"slack://{TOKEN}", r"address 1 \(slack://…\)"),
        (f"nowhere://{TOKEN}", r"address 1 \(nowhere://…\)"),
        (TOKEN, "without a scheme such as json://"),
        ("", "without a scheme"),
    ],
)
def test_an_address_that_is_none_is_refused_without_being_repeated(
    address: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(createos_nb.InvalidInput, match=said) as caught:
        Notifier(address)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert TOKEN not in caplog.text


def test_a_target_that_is_neither_is_refused() -> None:
    with pytest.raises(createos_nb.InvalidInput, match="an address or a function, not int"):
        Notifier([7])  # type: ignore[list-item]


@pytest.mark.parametrize("status", [200, 404, 500])
def test_no_log_record_of_any_thread_holds_the_secret(
    receiver: Receiver, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    receiver.statuses = [status]
    notifier = Notifier(receiver.address)
    reasons = notifier(MESSAGE)
    assert "JSON POST URL" in caplog.text  # apprise did log the address
    assert TOKEN not in caplog.text
    assert TOKEN not in str(reasons)
    assert TOKEN not in repr(notifier)
    assert TOKEN not in repr(vars(notifier))


def test_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    with Receiver() as gone:
        address = gone.address
    reasons = Notifier(address)(MESSAGE)
    assert "onnection error" in reasons["json"]
    assert TOKEN not in caplog.text + str(reasons)


def test_an_announcer_sends_in_order_and_warns_of_what_failed(receiver: Receiver) -> None:
    receiver.statuses = [200, 500, 200]
    announce = Announcer(receiver.address)
    for title in ("first", "second", "third"):
        announce(Message(title=title))
    with pytest.warns(UserWarning, match="not everybody was told: json: .*500"):
        announce.close()
    assert receiver.titles == ["first", "third"]


def test_an_announcer_without_threads_sends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("createos_nb.threads.start", lambda target, name: None)
    told: list[str] = []
    with Announcer(lambda message: told.append(message.title)) as announce:
        announce(Message(title="first"))
        assert told == ["first"]
