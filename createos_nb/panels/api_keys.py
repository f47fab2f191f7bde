"""The panel of API keys: what there is, a new one that is shown once, rotating and revoking."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.panels.action_panel import ActionPanel
from createos_nb.panels.row_picker import RowPicker
from createos_nb.panels.secret import Reveal

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans import Plan, Receipt
    from createos_nb.redaction import Secret

_ACTIONS: Final = [("Create a key", "create"), ("Rotate the chosen key", "rotate"), ("Revoke the chosen key", "revoke")]
#: For how long a new key is valid.
_EXPIRES_IN: Final = [("30 days", "+30d"), ("90 days", "+90d"), ("180 days", "+180d"), ("a year", "+365d")]
#: Seconds for which a new key is shown: longer than a variable, for it has to be put somewhere.
_SHOWN: Final = 60
#: A key that ends within so many days is said to end soon.
_SOON: Final = 14
_COLUMNS: Final = ("key", "state", "days_left", "used_for", "ends", "off")


class ApiKeysPanel(ActionPanel):
    """API keys of the account: a new one, a new one in the place of the chosen one, or the end of the chosen one.

    Parameters: `action` ("create", "rotate", "revoke"), `name`, `description`, `expires_in` ("+30d", "+90d", …) of a
    new key; one that is rotated to without a name has that of the chosen one with the next number.

    Attributes:
        created: the newest key that was created here, masked, or None.
    """

    heading, verb = "API keys", "Create"

    def __init__(self, client: Client) -> None:
        self._rows = RowPicker(
            "API keys", key="key", kinds={"state": "state"}, off="off", empty="there is no API key yet"
        )
        super().__init__(client, "", self._rows)
        self._keys: pd.DataFrame | None = None
        self.created: Secret | None = None
        self._created_name = ""
        style = {"description_width": "auto"}
        self._action = self._view.control(
            "action", widgets.Dropdown(description="Action", options=_ACTIONS, style=style)
        )
        self._name = self._view.control(
            "name", widgets.Text(description="New key", placeholder="4–48 letters, digits, hyphens", style=style)
        )
        self._description = self._view.control(
            "description", widgets.Text(description="Used for", placeholder="who uses it", style=style)
        )
        self._expires_in = self._view.control(
            "expires_in", widgets.Dropdown(description="Expires in", options=_EXPIRES_IN, value="+90d", style=style)
        )
        self._show_again_button = self._view.button("Show again", self._show_again, hint="Until this panel is closed")
        self._show_again_button.layout.display = "none"
        self._reveal = Reveal()
        action_row = widgets.HBox([self._action, self._show_again_button])
        key_row = widgets.HBox([self._name, self._description, self._expires_in])
        for row in (action_row, key_row):
            row.add_class("createos-row")
        self._view.build(
            self._toolbar, self._rows.grid, self._rows.note, action_row, key_row, self._reveal, *self.form.widgets
        )
        self._view.on_change("action", self._update_controls)
        self.form.depends_on("chosen", "action", "name", "description", "expires_in")
        self.form.on_success = self._on_success
        self._start()
        self._update_controls()

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        return self.client.api_keys.list()

    def _show(self, result: pd.DataFrame) -> None:
        self._keys = result
        self._rows.show(keys_of(result, pd.Timestamp(self.client.clock.now(), unit="s", tz="UTC")))

    def _update_controls(self) -> None:
        action = self._action.value
        for control in (self._name, self._expires_in):
            control.layout.display = "none" if action == "revoke" else ""
        self._description.layout.display = "" if action == "create" else "none"  # a rotation keeps it
        self.form.verb = str(action).capitalize()

    def _make_plan(self) -> Plan:
        action, name = self._action.value, self._name.value.strip()
        if action == "create":
            if not name:
                raise InvalidInput("API keys: name the new key")
            description = self._description.value.strip() or None
            expires = self._expires_in.value
            return runbooks.create_key(self.client, name, expiry_at=expires, description=description)
        position = self._rows.position
        if position is None or self._keys is None:
            raise InvalidInput(f"API keys: choose the key to {action}")
        chosen = str(self._keys["id"].iloc[position])
        if action == "rotate":
            return runbooks.rotate_key(self.client, chosen, name=name or None, expiry_at=self._expires_in.value)
        return runbooks.revoke_key(self.client, chosen)

    # --- a new key is shown once --------------------------------------------------------------------------------------

    def _on_success(self, receipt: Receipt) -> None:
        secret, plan = receipt.issued.get("secret"), self.plan
        with self._view.lock:
            if secret is None or plan is None or self._view.closed:
                return
            self.created, self._created_name = secret, plan.steps[0].target.name
            self._name.value = self._description.value = ""
            self._show_again_button.layout.display = ""
            self._show_again()

    def _show_again(self) -> None:
        if self.created is not None:
            self._reveal.show(f"API key {self._created_name}", self.created, _SHOWN)

    def close(self) -> None:
        """Stop all background work, forget the new key, and remove the panel.

        Examples:
            >>> panel = createos_nb.panels.api_keys(createos_nb.simulate())
            >>> panel.close()
            >>> panel.closed
            True
        """
        self.created = None
        super().close()


def keys_of(keys: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """Turn a list of API keys into the table that people read: which are valid, and for how long.

    key (its name; with the beginning of its id where several have it), state (active, ends soon, ended, revoked),
    days_left (Int64, NA for a key that is not valid), used_for, ends (UTC), off (why it can't be revoked).
    """
    ends, revoked = keys["expired_at"], keys["revoked_at"].notna()
    ended = ends.notna() & (ends <= now) & ~revoked
    days_left = ((ends - now).dt.total_seconds() // 86_400).astype("Int64").mask(revoked | ended)
    states = pd.Series("active", index=keys.index, dtype=TEXT)
    states = states.mask(days_left.lt(_SOON).fillna(False).astype(bool), "ends soon").mask(ended, "ended")
    duplicated = keys["name"].duplicated(keep=False)
    names = keys["name"].mask(duplicated, keys["name"] + " · " + keys["id"].str[:8])
    columns = {
        "key": names,
        "state": states.mask(revoked, "revoked"),
        "ends": ends,
        "days_left": days_left,
        "used_for": keys["description"],
        "off": pd.Series("", index=keys.index, dtype=TEXT).mask(revoked, "it is revoked already"),
    }
    return pd.DataFrame(columns, columns=list(_COLUMNS))
