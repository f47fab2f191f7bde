"""The panel of API keys: what there is, a new one that is shown once, and revoking."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

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
    from createos_nb.plans import Plan

#: For how long a new key is valid.
_EXPIRES_IN: Final = [("30 days", "+30d"), ("90 days", "+90d"), ("180 days", "+180d"), ("a year", "+365d")]
#: Seconds for which a new key is shown: longer than a variable, for it has to be put somewhere.
_SHOWN: Final = 60
#: A key that ends within so many days is said to end soon.
_SOON: Final = 14
_COLUMNS: Final = ("key", "state", "days_left", "used_for", "ends", "off")


class ApiKeysPanel(ActionPanel):
    """API keys of the account. The plan is that of revoking the chosen one.

    Parameters: `name`, `description`, `expires_in` ("+30d", "+90d", …: of a new key).

    Attributes:
        created: the newest key that was created here, as `client.api_keys.create` returns it, or None; its `secret` is
            masked.
    """

    heading, verb = "API keys", "Revoke"

    def __init__(self, client: Client) -> None:
        self._rows = RowPicker(
            "API keys", key="key", kinds={"state": "state"}, off="off", empty="there is no API key yet"
        )
        super().__init__(client, "", self._rows)
        self._keys: pd.DataFrame | None = None
        self.created: pd.Series | None = None
        style = {"description_width": "auto"}
        self._name = self._view.control(
            "name", widgets.Text(description="New key", placeholder="4–48 letters, digits, hyphens", style=style)
        )
        self._description = self._view.control(
            "description", widgets.Text(description="Used for", placeholder="who uses it", style=style)
        )
        self._expires_in = self._view.control(
            "expires_in", widgets.Dropdown(description="Expires in", options=_EXPIRES_IN, value="+90d", style=style)
        )
        self._create_button = self._view.button("Create key", self._create, hint="It is shown here once")
        self._show_again_button = self._view.button("Show again", self._show_again, hint="Until this panel is closed")
        self._show_again_button.layout.display = "none"
        self._reveal = Reveal()
        row = widgets.HBox(
            [self._name, self._description, self._expires_in, self._create_button, self._show_again_button]
        )
        row.add_class("createos-row")
        self._view.build(self._toolbar, self._rows.grid, self._rows.note, row, self._reveal, *self.form.widgets)
        self._view.on_change("name", self._update_create_button)
        self.form.depends_on("chosen")
        self._start()
        self._update_create_button()

    # --- revoking -----------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        return self.client.api_keys.list()

    def _show(self, result: pd.DataFrame) -> None:
        self._keys = result
        self._rows.show(keys_of(result, pd.Timestamp(self.client.clock.now(), unit="s", tz="UTC")))

    def _make_plan(self) -> Plan:
        position = self._rows.position
        if position is None or self._keys is None:
            raise InvalidInput("API keys: choose the key to revoke")
        return runbooks.revoke_key(self.client, str(self._keys["id"].iloc[position]))

    # --- creating -----------------------------------------------------------------------------------------------------

    def create(self) -> pd.Series:
        """Create the key here and now. The browser shows it for a while.

        Returns:
            Its record, whose secret is masked.

        Raises:
            CreateOSError: what creating it raises.

        Examples:
            >>> panel = createos_nb.panels.api_keys(createos_nb.simulate())
            >>> panel.params = {"name": "nightly-report", "description": "Reads figures at night", "expires_in": "+30d"}
            >>> list(panel.create().index)
            ['id', 'secret']
        """
        try:
            key = self._create_key()
        except Exception as error:
            self._view.show_error(error)
            raise
        self._on_created(key)
        return key

    def _create_key(self) -> pd.Series:
        description = self._description.value.strip()
        optional: dict[str, Any] = {"description": description} if description else {}
        return self.client.api_keys.create(name=self._name.value.strip(), expiry_at=self._expires_in.value, **optional)

    def _create(self) -> None:
        if self.busy:
            raise InvalidInput("API keys: other work is going on in this panel: wait for its end")
        self._view.set_status("creating a key …")
        self._background.run(lambda _: self._create_key(), self._on_created)

    def _on_created(self, key: pd.Series) -> None:
        with self._view.lock:
            if self._view.closed:
                return
            name = self._name.value.strip()
            self.created = key
            key.attrs["key"] = name
            self._name.value = self._description.value = ""
            self._show_again_button.layout.display = ""
            self._view.clear_error()
            self._view.set_status(f"{name} was created: copy it now, the platform does not show it again")
            self._show_again()
        self._reload()

    def _show_again(self) -> None:
        if self.created is not None:
            self._reveal.show(f"API key {self.created.attrs['key']}", self.created["secret"], _SHOWN)

    def _update_create_button(self) -> None:
        disabled = not self._name.value.strip()
        if self._create_button.disabled != disabled:
            self._create_button.disabled = disabled

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
