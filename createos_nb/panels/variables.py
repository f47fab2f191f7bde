"""The panel of an environment's run-time variables: masked, changed by a plan, and shown for a moment."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd
import traitlets

from createos_nb import runbooks
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.html import escaped
from createos_nb.panels import markup
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.row_picker import RowPicker
from createos_nb.panels.secret import SHOWN, Reveal, SecretField
from createos_nb.redaction import MASK, Secret

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan


class DesiredVariables(traitlets.HasTraits):
    """Variables to set, by name (None removes one): in the kernel alone."""

    #: What may be set, in words.
    wanted = "a mapping from name to text, or to None where it is to be removed"
    value: traitlets.Dict[str, Any] = traitlets.Dict()

    @traitlets.validate("value")
    def _mask(self, proposal: Any) -> dict[str, Secret | None]:
        for name, value in proposal["value"].items():
            if not isinstance(name, str) or not (value is None or isinstance(value, str | Secret)):
                raise traitlets.TraitError(self.wanted)
        return {name: None if value is None else Secret(value) for name, value in proposal["value"].items()}


class VariablesPanel(ActionPanel):
    """Variables of an environment, masked.

    Parameters: `name`, `value` (what is typed for it; a `Secret` when read), `variables` (all to be set, by name; None
    removes one), `redeploy`.
    """

    heading, verb, reading = "Variables", "Set variables", "variables"

    def __init__(self, client: Client, project: str, environment: str) -> None:
        self._rows = RowPicker("Variables", key="variable", empty="no variable is set in this environment")
        super().__init__(client, f"{project} / {environment}", self._rows)
        self._project, self._environment = project, environment
        self._names: list[str] | None = None
        style = {"description_width": "auto"}
        self._desired = self._view.control("variables", DesiredVariables(), secret=True)
        self._name = self._view.control("name", widgets.Combobox(description="Name", ensure_option=False, style=style))
        self._value = self._view.control("value", SecretField("Value"), trait="secret", secret=True)
        self._redeploy = self._view.control(
            "redeploy",
            widgets.Checkbox(value=True, description="Redeploy, so that they take effect at once", indent=False),
        )
        self._diff = widgets.HTML()
        self._reveal = Reveal()
        self._reveal_button = self._view.button(
            f"Show for {SHOWN} s", self.reveal, hint="The value of the chosen variable"
        )
        self._remove_button = self._view.button(
            "Remove", self._remove, hint="The chosen variable, or the one that is named"
        )
        self._add_button = self._view.button(
            "Add another", self._add, hint="Add this variable to the plan, and set another one"
        )
        self._clear_button = self._view.button("Discard changes", self._clear, hint="Remove all changes from the plan")
        self._toolbar.children = (self._reveal_button, self._remove_button)
        row = widgets.HBox([self._name, self._value, self._add_button, self._clear_button])
        row.add_class("createos-row")
        self._view.build(
            self._toolbar,
            self._rows.grid,
            self._rows.note,
            self._reveal,
            row,
            self._diff,
            self._redeploy,
            *self.form.widgets,
        )
        self.form.on_success = lambda _: self._clear()
        self._view.on_change("chosen", self._copy_name)
        for name in ("chosen", "name", "value", "variables"):
            self._view.on_change(name, self._redraw)
        self.form.depends_on("name", "value", "variables", "redeploy")
        self._start()
        self._redraw()

    # --- the list -----------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> list[str]:
        variables = self.client.environments.get(self._project, self._environment)["run_envs"]
        return sorted(variables) if isinstance(variables, dict) else []

    def _show(self, result: list[str]) -> None:
        self._names = result
        changes = self._changes()
        rows = [
            {
                "variable": name,
                "value": MASK if name in result else "–",
                "in the plan": "" if name not in changes else _describe(name in result, changes[name]),
            }
            for name in [*result, *(name for name in changes if name not in result)]
        ]
        self._rows.show(pd.DataFrame(rows, columns=["variable", "value", "in the plan"], dtype=TEXT))
        if self._name.options != tuple(result):
            self._name.options = tuple(result)

    def _redraw(self) -> None:
        with self._view.lock:
            if self._names is not None:
                self._show(self._names)
            self._diff.value = diff_html(self._names or [], self._changes())
            names = self._names or ()
            chosen_is_set = self._rows.key in names
            for button, disabled in (
                (self._reveal_button, not chosen_is_set),
                (self._remove_button, not chosen_is_set and self._name.value not in names),
                (self._add_button, not self._name.value or self._value.secret is None),
                (self._clear_button, not self._changes()),
            ):
                if button.disabled != disabled:
                    button.disabled = disabled

    def _copy_name(self) -> None:
        if self._rows.key and self._value.secret is None:
            self._name.value = self._rows.key

    # --- what is to be changed ----------------------------------------------------------------------------------------

    def _changes(self) -> dict[str, Secret | None]:
        typed = {self._name.value.strip(): self._value.secret} if self._value.secret is not None else {}
        return {**self._desired.value, **typed}

    def _add(self) -> None:
        if not self._name.value.strip():
            raise InvalidInput("Name the variable.")
        self._desired.value = self._changes()
        self._name.value, self._value.secret = "", None

    def _remove(self) -> None:
        name = self._rows.key or self._name.value.strip()
        if not name:
            raise InvalidInput("Choose the variable to remove.")
        self._desired.value = {**self._desired.value, name: None}
        self._name.value, self._value.secret = "", None

    def _clear(self) -> None:
        self._desired.value, self._name.value, self._value.secret = {}, "", None

    def _make_plan(self) -> Plan:
        changes = self._changes()
        if "" in changes:
            raise InvalidInput("Name the variable that has this value.")
        if not changes:
            raise InvalidInput("Name a variable and type its value, or choose one to remove.")
        return runbooks.set_variables(
            self.client, self._project, self._environment, changes, redeploy=self._redeploy.value
        )

    def _name_plan(self, plan: Plan) -> str:
        names = list(self._changes())
        return f"Set {markup.label(names[0])}" if len(names) == 1 else f"Set {len(names)} variables"

    # --- showing a value ----------------------------------------------------------------------------------------------

    def reveal(self) -> None:
        """Show the value of the chosen variable for some seconds, in the browser alone.

        Examples:
            >>> panel = createos_nb.panels.variables(createos_nb.simulate(), "storefront", "staging")
            >>> panel.params["chosen"] = "LOG_LEVEL"
            >>> panel.reveal()
        """
        row = self._rows.row
        if row is None:
            raise InvalidInput("Choose the variable whose value is to be shown.")
        name = str(row["variable"])

        def read(cancel: threading.Event) -> Secret | None:
            value = self.client.environments.reveal_variables(self._project, self._environment).get(name)
            return None if value is None else Secret(str(value))

        self._background.run(read, lambda value: self._on_revealed(name, value), channel="reveal")

    def _on_revealed(self, name: str, value: Secret | None) -> None:
        if self._view.closed:
            return
        if value is None:
            raise InvalidInput(f"{name} is not set any more.")
        self._view.clear_error()
        self._reveal.show(name, value)


def diff_html(names: Sequence[str], changes: Mapping[str, Secret | None]) -> str:
    """Return what would be added, changed and removed, as a diff; no value is shown.

    Args:
        names: The variables that are set.
        changes: The values to set; None removes.

    Returns:
        The markup, "" where nothing changes.
    """
    lines, counts = [], {"added": 0, "changed": 0, "removed": 0}
    for name, value in sorted(changes.items()):
        word = _describe(name in names, value)
        if not name or word not in counts:
            continue
        counts[word] += 1
        mask = "" if value is None else MASK
        if word in ("changed", "removed"):
            lines.append(_diff_line("old", "-", f"{name}={MASK}", "removed" if value is None else ""))
        if word in ("changed", "added"):
            lines.append(_diff_line("new", "+", f"{name}={mask}", "another value" if word == "changed" else "added"))
    if not lines:
        return ""
    told = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    head = f'<h4>Changes <span class="createos-note">{told}; values are never shown</span></h4>'
    return f'{head}<div class="createos-diff" role="region" aria-label="Changes" tabindex="0">{"".join(lines)}</div>'


def _diff_line(kind: str, sign: str, text: str, note: str) -> str:
    said = f'<span class="createos-note">{note}</span>' if note else ""
    signed = f'<span aria-hidden="true">{sign}</span><span>{escaped(text)}</span>{said}'
    return f'<div class="createos-diff-{kind}">{signed}</div>'


def _describe(is_set: bool, value: Secret | None) -> str:
    if value is None:
        return "removed" if is_set else "not set"
    return "changed" if is_set else "added"
