"""A message is delivered to each target once, in order, and again later where that fails."""

from __future__ import annotations

import msgspec

from createos_nb.diagnostics.alerts.delivery import Delivery, Pending
from createos_nb.notify import Message, Notifier


class Service:
    """Takes messages, but for the next `failures` of them."""

    def __init__(self, name: str) -> None:
        self.__name__ = name
        self.taken: list[str] = []
        self.bodies: list[str] = []
        self.tried = 0
        self.failures = 0

    def __call__(self, message: Message) -> None:
        self.tried += 1
        if self.failures:
            self.failures -= 1
            raise ConnectionError("it is down")
        self.taken.append(message.title)
        self.bodies.append(message.body)


def delivery_to(*services: Service) -> tuple[Delivery, list[Pending], list[int]]:
    pending: list[Pending] = []
    saved: list[int] = []
    return Delivery(Notifier(list(services)), pending, lambda: saved.append(len(pending))), pending, saved


def test_a_target_that_fails_gets_it_later_and_the_others_only_once() -> None:
    chat, pager = Service("chat"), Service("pager")
    chat.failures = 2
    delivery, pending, _ = delivery_to(chat, pager)
    delivery.add(Message(title="one"), 0.0)
    assert delivery.send(0.0) == {"chat": "ConnectionError: it is down"}
    assert pager.taken == ["one"]
    assert "the next one waits" in delivery.send(59.0)["chat"]
    assert chat.tried == 1  # not before its time
    assert delivery.send(60.0) == {"chat": "ConnectionError: it is down"}
    assert "waits" in delivery.send(60.0 + 119.0)["chat"]  # twice as long
    assert delivery.send(60.0 + 120.0) == {}
    assert (chat.taken, pager.taken, pending) == (["one"], ["one"], [])


def test_later_messages_wait_for_the_first_one() -> None:
    chat = Service("chat")
    chat.failures = 1
    delivery, _, _ = delivery_to(chat)
    delivery.add(Message(title="begins"), 0.0)
    delivery.send(0.0)
    delivery.add(Message(title="ends"), 10.0)
    delivery.send(10.0)
    assert chat.taken == []
    delivery.send(60.0)
    assert chat.taken == ["begins", "ends"]


def test_the_time_between_attempts_has_a_limit() -> None:
    chat = Service("chat")
    chat.failures = 10**6
    delivery, pending, _ = delivery_to(chat)
    delivery.add(Message(title="one"), 0.0)
    for second in range(0, 86_400, 60):
        delivery.send(float(second))
    assert 86_400 / 900 - 2 < chat.tried < 86_400 / 900 + 8
    assert pending[0].due - 86_400 <= 900


def test_it_is_saved_before_and_after_each_message() -> None:
    chat = Service("chat")
    delivery, _, saved = delivery_to(chat)
    delivery.add(Message(title="one"), 0.0)
    delivery.add(Message(title="two"), 0.0)
    delivery.send(0.0)
    assert saved == [2, 1, 1, 0]


def test_a_message_that_may_have_come_says_so() -> None:
    chat = Service("chat")
    delivery, pending, _ = delivery_to(chat)
    delivery.add(Message(title="one", body="it fails"), 0.0)
    pending[0].sending = True  # as a process that was killed has left it
    delivery.send(0.0)
    assert chat.taken == ["one"]
    assert chat.bodies[0].startswith("it fails\n(may have come before")


def test_a_target_that_is_none_any_more_keeps_its_messages() -> None:
    pending = [Pending(target="slack", message=Message(title="one"))]
    chat = Service("chat")
    delivery = Delivery(Notifier(chat), pending, lambda: None)
    assert delivery.send(0.0) == {"slack": "it is no target any more, and has messages to come"}
    assert len(pending) == 1
    assert not chat.taken


def test_what_is_pending_can_be_kept_in_a_file() -> None:
    pending = Pending(target="slack", message=Message(title="one", body="a\nb", kind="failure"), attempts=3, due=7.0)
    assert msgspec.json.decode(msgspec.json.encode(pending), type=Pending) == pending
