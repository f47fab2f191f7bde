"""Secrets between a person and the kernel: by messages alone, never in the state that a notebook saves."""

from __future__ import annotations

from typing import Any, Final

import anywidget
import traitlets

from createos_nb.frames.logs import clean
from createos_nb.panels.files import FRONT
from createos_nb.secret import Secret, barely

#: Seconds for which a value is shown.
SHOWN: Final = 15


class SecretField(anywidget.AnyWidget):
    """A password field. What is typed or pasted goes to the kernel as a message, and the field is empty at once.

    Traits: `held` (the value as a `Secret`, or None; in the kernel alone), and of the browser's side `description`,
    `placeholder`, `disabled`, `taken` (there is a value), `said` (in words).
    """

    #: What may be set, in words.
    wanted = "a text, or None"
    _esm = FRONT / "secret.js"
    _css = FRONT / "secret.css"
    kind = traitlets.Unicode("secret").tag(sync=True)
    description = traitlets.Unicode("").tag(sync=True)
    placeholder = traitlets.Unicode("not shown, and in no notebook").tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    taken = traitlets.Bool(False).tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    held: traitlets.Any = traitlets.Any(None, allow_none=True)

    def __init__(self, description: str) -> None:
        super().__init__(description=description)
        self.on_msg(self._told)

    @traitlets.validate("held")
    def _veiled(self, proposal: Any) -> Secret | None:
        value = proposal["value"]
        if not (value is None or isinstance(value, str | Secret)):
            raise traitlets.TraitError(self.wanted)
        return None if value is None else Secret(value)

    @traitlets.observe("held")
    def _say(self, change: Any) -> None:
        value = change["new"]
        self.taken = value is not None
        lines = value.reveal().count("\n") + 1 if value is not None else 0
        self.said = "" if not lines else "taken, not shown" if lines == 1 else f"taken, {lines} lines, not shown"

    def _told(self, _: Any, content: Any, __: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("forget"):
            self.held = None
        elif isinstance(content.get("secret"), str):
            content["secret"] = typed = Secret(content["secret"])  # whoever is told of an error meets no text
            self.held = None  # the same text again is a new value, too
            self.held = typed


class Reveal(anywidget.AnyWidget):
    """A place where a value is shown for some seconds, with a button that copies it; then it is gone from the page.

    The value is never a trait: it goes to the browser as a message, which is in no saved notebook.
    """

    _esm = FRONT / "secret.js"
    _css = FRONT / "secret.css"
    kind = traitlets.Unicode("moment").tag(sync=True)

    def show(self, name: str, value: Secret | None, seconds: int = SHOWN) -> None:
        """Show a value under a name."""
        barely(self._send_plain, name, value, seconds)

    def _send_plain(self, name: str, value: Secret | None, seconds: int) -> None:
        plain = "" if value is None else value.reveal()
        shown = "\n".join(clean(line) for line in plain.split("\n"))
        self.send({"name": clean(name), "shown": shown, "secret": plain, "seconds": seconds})

    def hide(self) -> None:
        """Take away what is shown."""
        self.send({"hide": True})
