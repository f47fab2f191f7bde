"""A message for people: what happened, in a title and a few lines."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from createos_nb.display import strip_control_chars
from createos_nb.errors import InvalidInput

#: What a message is about; services show it as a color or a sign.
Kind = Literal["info", "success", "warning", "failure"]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message for people.

    Names and texts in it may come from elsewhere: control characters are taken out.

    Args:
        title: What happened, in a line.
        body: The rest, in lines.
        kind: "info", "success", "warning" or "failure".

    Raises:
        InvalidInput: There is no such kind.

    Examples:
        >>> from createos_nb.notify import Message
        >>> print(Message(title="Rolled back", body="storefront / production: v4 to v3", kind="success"))
        Rolled back
        storefront / production: v4 to v3
    """

    title: str
    body: str = ""
    kind: Kind = "info"

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InvalidInput(f"a message is of the kind {', '.join(get_args(Kind))}, not {self.kind!r}")
        msgspec.structs.force_setattr(self, "title", strip_control_chars(self.title.replace("\n", " ")))
        lines = (strip_control_chars(line) for line in self.body.splitlines())
        msgspec.structs.force_setattr(self, "body", "\n".join(lines))

    def __str__(self) -> str:
        return f"{self.title}\n{self.body}" if self.body else self.title
