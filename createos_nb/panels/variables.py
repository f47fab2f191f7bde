"""The panel of an environment's run-time variables: masked, changed by a plan, shown for a moment."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd
import traitlets

from createos_nb import runbooks
from createos_nb.errors import InvalidInput
from createos_nb.panels.choosing import ChoosingPanel
from createos_nb.panels.secret import SHOWN, Reveal, SecretField
from createos_nb.secret import MASK, Secret

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans import Plan, Receipt


class Wanted(traitlets.HasTraits):
    """Variables that are to be set, by name (None takes one away): in the kernel alone."""

    #: What may be set, in words.
    wanted = "a mapping from name to text, or to None where it is to be taken away"
    value: traitlets.Dict[str, Any] = traitlets.Dict()

    @traitlets.validate("value")
    def _veiled(self, proposal: Any) -> dict[str, Secret | None]:
        for name, value in proposal["value"].items():
            if not isinstance(name, str) or not (value is None or isinstance(value, str | Secret)):
                raise traitlets.TraitError(self.wanted)
        return {name: None if value is None else Secret(value) for name, value in proposal["value"].items()}


class VariablesPanel(ChoosingPanel):
    """Variables of an environment, as dots.

    Parameters: `name`, `value` (what is typed for it; a `Secret` when read), `variables` (all that are to be set, by
    name; None takes one away), `redeploy`.
    """

    heading, verb, key = "Variables", "Set variables", "variable"
    nothing = "no variable is set in this environment"

    def __init__(self, client: Client, project: str, environment: str) -> None:
        super().__init__(client, f"{project} / {environment}", "Variables")
        self._project, self._environment = project, environment
        named = {"description_width": "auto"}
        self._wanted = self._control("variables", Wanted(), secret=True)
        self._name = self._control("name", widgets.Combobox(description="Name", ensure_option=False, style=named))
        self._value = self._control("value", SecretField("Value"), trait="held", secret=True)
        self._redeploy = self._control(
            "redeploy",
            widgets.Checkbox(value=True, description="Deploy again, so that they count at once", indent=False),
        )
        self._reveal = Reveal()
        self._uncover = self._button(f"Show for {SHOWN} s", self.reveal, hint="The value of the chosen variable")
        self._remove = self._button("Take it away", self._away, hint="The chosen variable, or the one that is named")
        self._add = self._button("And another", self._keep, hint="Keep this one for the plan and name another one")
        self._clear = self._button("Start over", self._drop, hint="Nothing is to be changed")
        self._tools.children = (self._refresh, self._uncover, self._remove)
        row = widgets.HBox([self._name, self._value, self._add, self._clear])
        row.add_class("createos-row")
        self._build(*self._listing, self._reveal, row, self._redeploy, *self._form)
        self._when("chosen", self._pick)
        for name in ("chosen", "name", "value", "variables"):
            self._when(name, self._redraw)
        self._depends("name", "value", "variables", "redeploy")
        self._begin()
        self._redraw()

    # --- the list -----------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> list[str]:
        held = self.client.environments.get(self._project, self._environment)["run_envs"]
        return sorted(held) if isinstance(held, dict) else []

    def _table(self, found: list[str]) -> pd.DataFrame:
        wanted = self._changes()
        rows = [
            {
                "variable": name,
                "value": MASK if name in found else "–",
                "in the plan": "" if name not in wanted else _change(name in found, wanted[name]),
            }
            for name in [*found, *(name for name in wanted if name not in found)]
        ]
        return pd.DataFrame(rows, columns=["variable", "value", "in the plan"], dtype="str")

    def _show(self) -> None:
        super()._show()
        names = tuple(self._found)
        if self._name.options != names:
            self._name.options = names

    def _redraw(self) -> None:
        with self._lock:
            if self._found is not None:
                self._show()
            known = self._grid.selected in (self._found or ())
            for button, off in (
                (self._uncover, not known),
                (self._remove, not known and self._name.value not in (self._found or ())),
                (self._add, not self._name.value or self._value.held is None),
                (self._clear, not self._changes()),
            ):
                if button.disabled != off:
                    button.disabled = off

    def _pick(self) -> None:
        if self._grid.selected and self._value.held is None:
            self._name.value = self._grid.selected

    # --- what is to be changed ----------------------------------------------------------------------------------------

    def _changes(self) -> dict[str, Secret | None]:
        typed = {self._name.value.strip(): self._value.held} if self._value.held is not None else {}
        return {**self._wanted.value, **typed}

    def _keep(self) -> None:
        if not self._name.value.strip():
            raise InvalidInput("variables: name the variable first")
        self._wanted.value = self._changes()
        self._name.value, self._value.held = "", None

    def _away(self) -> None:
        name = self._grid.selected or self._name.value.strip()
        if not name:
            raise InvalidInput("variables: choose the variable that is to be taken away")
        self._wanted.value = {**self._wanted.value, name: None}
        self._name.value, self._value.held = "", None

    def _drop(self) -> None:
        self._wanted.value, self._name.value, self._value.held = {}, "", None

    def _make(self) -> Plan:
        asked = self._changes()
        if "" in asked:
            raise InvalidInput("variables: name the variable that has this value")
        if not asked:
            raise InvalidInput("variables: name one and type its value, or choose one that is to be taken away")
        return runbooks.set_variables(
            self.client, self._project, self._environment, asked, redeploy=self._redeploy.value
        )

    def _came(self, receipt: Receipt, plan: Plan) -> None:
        self._drop()
        super()._came(receipt, plan)

    # --- a look at a value --------------------------------------------------------------------------------------------

    def reveal(self) -> None:
        """Show the value of the chosen variable for some seconds, in the browser alone."""
        row = self._chosen
        if row is None:
            raise InvalidInput("variables: choose the variable whose value is to be shown")
        name = str(row["variable"])

        def read(cancel: threading.Event) -> Secret | None:
            value = self.client.environments.reveal_variables(self._project, self._environment).get(name)
            return None if value is None else Secret(str(value))

        self._beside(read, lambda value: self._revealed(name, value), lane="reveal")

    def _revealed(self, name: str, value: Secret | None) -> None:
        if self.closed:
            return
        if value is None:
            raise InvalidInput(f"variables: {name} is not set any more")
        self._well()
        self._reveal.show(f"{name}", value)


def _change(there: bool, value: Secret | None) -> str:
    if value is None:
        return "is taken away" if there else "is not there"
    return "gets another value" if there else "is added"
