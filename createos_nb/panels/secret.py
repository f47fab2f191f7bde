"""Secrets between a person and the kernel: sent in messages alone, never in the state that a notebook saves."""

from __future__ import annotations

from typing import Any, Final

import anywidget
import traitlets

from createos_nb.display import strip_control_chars
from createos_nb.panels.components import front_text
from createos_nb.redaction import Secret, without_frames

#: Seconds for which a value is shown.
SHOWN: Final = 15


class SecretField(anywidget.AnyWidget):
    """A password field. What is typed or pasted goes to the kernel as a message, and the field is empty at once.

    Traits: `secret` (the value, or None; in the kernel alone), and on the browser's side `description`, `placeholder`,
    `disabled`, `has_value`, `summary` (that there is a value, in words).
    """

    #: What may be set, in words.
    wanted = "a text, or None"
    _esm = front_text("secret.js")
    _css = front_text("secret.css")
    kind = traitlets.Unicode("secret").tag(sync=True)
    description = traitlets.Unicode("").tag(sync=True)
    placeholder = traitlets.Unicode("not shown, and in no notebook").tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    has_value = traitlets.Bool(False).tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)
    secret: traitlets.Any = traitlets.Any(None, allow_none=True)

    def __init__(self, description: str) -> None:
        super().__init__(description=description)
        self.on_msg(self._on_message)

    @traitlets.validate("secret")
    def _mask(self, proposal: Any) -> Secret | None:
        value = proposal["value"]
        if not (value is None or isinstance(value, str | Secret)):
            raise traitlets.TraitError(self.wanted)
        return None if value is None else Secret(value)

    @traitlets.observe("secret")
    def _summarize(self, change: Any) -> None:
        value = change["new"]
        self.has_value = value is not None
        lines = value.reveal().count("\n") + 1 if value is not None else 0
        size = f", {lines} lines" if lines > 1 else ""
        self.summary = f"received{size}, not shown" if lines else ""

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("forget"):
            self.secret = None
        elif isinstance(content.get("secret"), str):
            content["secret"] = typed = Secret(content["secret"])  # a traceback holds no plain text
            self.secret = None  # the same text again is a new value, too
            self.secret = typed


class Reveal(anywidget.AnyWidget):
    """Shows a value for some seconds, with a button that copies it; then it is gone from the page.

    The value is never a trait: it goes to the browser as a message, which is in no saved notebook.
    """

    _esm = front_text("secret.js")
    _css = front_text("secret.css")
    kind = traitlets.Unicode("reveal").tag(sync=True)

    def show(self, name: str, value: Secret | None, seconds: int = SHOWN) -> None:
        """Show a value under a name."""
        without_frames(self._send_plain, name, value, seconds)

    def _send_plain(self, name: str, value: Secret | None, seconds: int) -> None:
        text = "" if value is None else value.reveal()
        displayed = "\n".join(strip_control_chars(line) for line in text.split("\n"))
        self.send({"name": strip_control_chars(name), "displayed": displayed, "secret": text, "seconds": seconds})

    def hide(self) -> None:
        """Hide the value."""
        self.send({"hide": True})
