"""Sending messages: to each target once, with the reason where one does not take it."""

from __future__ import annotations

import contextlib
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import unquote

from createos_nb import extensions, extras
from createos_nb.display import strip_control_chars
from createos_nb.errors import InvalidInput
from createos_nb.http.redacted_logging import never_log
from createos_nb.notify.message import Message
from createos_nb.process import ForkLock, ProcessBound
from createos_nb.redaction import Secret, without_frames
from createos_nb.redactor import redact

if TYPE_CHECKING:
    import apprise

#: Takes a message; what it raises says that it has not.
Receive: TypeAlias = Callable[[Message], object]
_Target: TypeAlias = str | Secret | Receive
#: Who is told: an address of apprise such as "slack://…", as a text or a `Secret`; the name of a notifier that a
#: package adds; a function; or several of these.
Notify: TypeAlias = _Target | Sequence[_Target]

_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")
_PARTS: Final = re.compile(r"[/:@?&=#]+")
#: Shorter parts of an address are words that sentences are made of.
_SHORTEST: Final = 6
#: One address at a time is sent to: what apprise warns of meanwhile is about that one.
_SENDING: Final = ForkLock()
_PLAIN: Final = re.compile(r"[A-Za-z]{1,20}(?:[._-][A-Za-z]{1,20})*|[\d.]+")
_LONGEST_REASON: Final = 300
_SERVICES: Final = "https://appriseit.com/services/"


class Notifier(ProcessBound):
    """Sends messages to targets.

    Addresses hold secrets: they stand in no repr, error, log record or result. A target is called by its service and
    its place among those of this service, such as "slack" and "slack 2".

    Args:
        targets: Addresses of apprise, names of notifiers that packages add, functions that take a `Message`, or a list
            of these.

    Raises:
        MissingExtra: There is an address, and the extra `notify` is not installed.
        InvalidInput: apprise knows no such address; or the notifier of a package can't be used.

    Examples:
        >>> from createos_nb.notify import Message, Notifier
        >>> notifier = Notifier([print, "json://127.0.0.1:9/hook-of-nobody"])
        >>> notifier
        Notifier(print, json)
        >>> notifier.send("print", Message(title="Rolled back"))
        Rolled back
        ''
    """

    def __init__(self, targets: Notify) -> None:
        several = [targets] if isinstance(targets, str | Secret) or callable(targets) else list(targets)
        self._receivers: dict[str, Receive] = {}
        for number, target in enumerate(several, start=1):
            if isinstance(target, str | Secret):
                service, receive = _added(target) or without_frames(_of_address, Secret(target), number)
            elif callable(target):
                service, receive = str(getattr(target, "__name__", type(target).__name__)), target
            else:
                raise InvalidInput(f"notify: a target is an address or a function, not {type(target).__name__}")
            earlier = sum(name.split(" ")[0] == service for name in self._receivers)
            self._receivers[f"{service} {earlier + 1}" if earlier else service] = receive

    @property
    def names(self) -> list[str]:
        """Return what the targets are called, in their order."""
        return list(self._receivers)

    def send(self, name: str, message: Message) -> str:
        """Send a message to one target, once.

        Args:
            name: One of `names`.
            message: The message.

        Returns:
            Why the target has not taken it, without secrets; "" where it has.

        Examples:
            >>> from createos_nb.notify import Message, Notifier
            >>> Notifier(lambda message: 1 / 0).send("<lambda>", Message(title="Rolled back"))
            'ZeroDivisionError: division by zero'
        """
        try:
            self._receivers[name](message)
        except Exception as error:  # noqa: BLE001  # it is anybody's code or network, and whoever sends goes on
            reason = str(error) if isinstance(error, _NotTaken) else f"{type(error).__name__}: {error}"
            return strip_control_chars(reason.replace("\n", " "))[:_LONGEST_REASON] or "it was not taken"
        return ""

    def __call__(self, message: Message) -> dict[str, str]:
        """Send a message to all targets.

        Args:
            message: The message.

        Returns:
            The reason of each target that has not taken it, by its name.
        """
        reasons = {name: self.send(name, message) for name in self._receivers}
        return {name: reason for name, reason in reasons.items() if reason}

    def __repr__(self) -> str:
        return f"Notifier({', '.join(self._receivers)})"


class _NotTaken(Exception):
    """A service has not taken a message, and why."""


def _added(target: str | Secret) -> tuple[str, Receive] | None:
    """The notifier of a package that a target names."""
    name = target.reveal() if isinstance(target, Secret) else target
    found = None if "://" in name else extensions.find("notifiers", name, (), _problem)
    if found is None:
        return None
    if found.problem:
        raise InvalidInput(f"notify: the notifier {found.name!r} of {found.package} can't be used: {found.problem}")
    return found.name, found.value


def _problem(value: object) -> str:
    return "" if callable(value) else f"it has to name a function that takes a message, not {type(value).__name__}"


def _of_address(address: Secret, number: int) -> tuple[str, Receive]:
    """The name of the service of an address, and what sends to it."""
    extras.require("notify", "notify: an address", instead="give a function that takes the message")
    scheme = _SCHEME.match(address.reveal())
    shown = f"{scheme[1].lower()}://…" if scheme else "without a scheme such as json://"
    wrong = InvalidInput(
        f"notify: address {number} ({shown}) is none that apprise can use; {_SERVICES} shows how those of each service "
        f"are written{_known()}"
    )
    if scheme is None:
        raise wrong
    server = _Server(address)
    if not server.usable:
        raise wrong
    return scheme[1].lower(), server


def _known() -> str:
    names = extensions.names("notifiers")
    return f"; notifiers of packages: {', '.join(names)}" if names else ""


class _Server:
    """One address of apprise."""

    def __init__(self, address: Secret) -> None:
        with warnings.catch_warnings():
            # apprise loads its services when the first address is read, and what they import is none of the caller's
            warnings.simplefilter("ignore", DeprecationWarning)
            self._open(address)

    def _open(self, address: Secret) -> None:
        import apprise  # slow to import, and most sessions send nothing

        self._secrets = secrets_of(address)
        never_log(self._secrets)
        self._apprise = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False, app_id="createos-nb"))
        with _warnings():
            self.usable = bool(self._apprise.add(address.reveal()))

    def __call__(self, message: Message) -> None:
        import apprise

        with _warnings() as logged:
            taken = without_frames(self._send, apprise.NotifyType(message.kind), message)
        if not taken:
            raise _NotTaken(redact(logged[-1], self._secrets) if logged else "the service has not taken it")

    def _send(self, kind: apprise.NotifyType, message: Message) -> bool:
        body = message.body or message.title
        return bool(self._apprise.notify(body=body, title=message.title, notify_type=kind, body_format="text"))


def secrets_of(address: Secret) -> tuple[str, ...]:
    """Return an address, and those of its parts that may be secrets, also as they are when they are decoded.

    Args:
        address: An address with a scheme.

    Returns:
        The texts. A plain word is none: dots in its place would garble all that is logged.

    Examples:
        >>> from createos_nb.notify.notifier import secrets_of
        >>> sorted(secrets_of(createos_nb.Secret("slack://T1JJ3T3L2/alerts")))
        ['T1JJ3T3L2', 'T1JJ3T3L2/alerts', 'slack://T1JJ3T3L2/alerts']
    """
    text = address.reveal()
    rest = text.partition("://")[2]
    user = rest.rpartition("@")[0]
    parts = [part for part in _PARTS.split(rest) if len(part) >= _SHORTEST]
    hidden = [part for part in parts if part in user or not _PLAIN.fullmatch(part)]
    return tuple({text, rest, *hidden, *map(unquote, hidden)})


@contextlib.contextmanager
def _warnings() -> Iterator[list[str]]:
    """What apprise warns of meanwhile, in whichever thread: it says why a service has not taken a message."""
    handler = _Collector()
    logger = logging.getLogger("apprise")
    with _SENDING.held:
        logger.addHandler(handler)
        try:
            yield handler.messages
        finally:
            logger.removeHandler(handler)


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
