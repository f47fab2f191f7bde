"""The panel of API keys: what there is, a new one that is shown once, and revoking."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import runbooks
from createos_nb.errors import InvalidInput
from createos_nb.panels.choosing import ChoosingPanel
from createos_nb.panels.secret import Reveal

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans import Plan

#: For how long a new key opens the account.
_LASTING: Final = [("30 days", "+30d"), ("90 days", "+90d"), ("180 days", "+180d"), ("a year", "+365d")]
#: Seconds for which a new key is shown: longer than a variable, for it has to be put somewhere.
_SHOWN: Final = 60
#: A key that ends within so many days is said to end soon.
_SOON: Final = 14
_COLUMNS: Final = ("key", "state", "days_left", "used_for", "ends", "off")


class ApiKeysPanel(ChoosingPanel):
    """API keys of the account. The plan is that of revoking the chosen one.

    Parameters: `name`, `description`, `lasting` ("+30d", "+90d", …: of a new key).

    Attributes:
        made: the newest key that was made here, as `client.api_keys.create` gives it, or None; its `secret` is masked.
    """

    heading, verb, key = "API keys", "Revoke", "key"
    kinds: ClassVar[Mapping[str, str]] = {"state": "state"}
    off = "off"
    nothing = "there is no API key yet"

    def __init__(self, client: Client) -> None:
        super().__init__(client, "", "API keys")
        self.made: pd.Series | None = None
        named = {"description_width": "auto"}
        self._name = self._control(
            "name", widgets.Text(description="New key", placeholder="4–48 letters, digits, hyphens", style=named)
        )
        self._used = self._control(
            "description", widgets.Text(description="Used for", placeholder="who uses it", style=named)
        )
        self._lasting = self._control(
            "lasting", widgets.Dropdown(description="Ends after", options=_LASTING, value="+90d", style=named)
        )
        self._create = self._button("Make the key", self._make_key, hint="It is shown here once")
        self._again = self._button("Show it again", self._show_again, hint="Until this panel is closed")
        self._again.layout.display = "none"
        self._reveal = Reveal()
        form = widgets.HBox([self._name, self._used, self._lasting, self._create, self._again])
        form.add_class("createos-row")
        self._build(*self._listing, form, self._reveal, *self._form)
        self._when("name", self._fit)
        self._depends("chosen")
        self._begin()
        self._fit()

    # --- the list -----------------------------------------------------------------------------------------------------

    def _read(self, cancel: threading.Event | None = None) -> pd.DataFrame:
        return self.client.api_keys.list()

    def _table(self, found: pd.DataFrame) -> pd.DataFrame:
        return keys_of(found, pd.Timestamp(self.client.clock.now(), unit="s", tz="UTC"))

    def _make(self) -> Plan:
        row = self._chosen
        if row is None or self.listed is None:
            raise InvalidInput("API keys: choose the key that is to be revoked")
        place = int((self.listed["key"] == row["key"]).to_numpy().argmax())
        return runbooks.revoke_key(self.client, str(self._found["id"].iloc[place]))

    # --- a new one ----------------------------------------------------------------------------------------------------

    def create(self) -> pd.Series:
        """Make the key here and now; gives its record, and raises its errors. The browser shows it for a while."""
        try:
            made = self._made()
        except Exception as error:
            self._fail(error)
            raise
        self._came_to_be(made)
        return made

    def _made(self) -> pd.Series:
        used = self._used.value.strip()
        given: dict[str, Any] = {"description": used} if used else {}
        return self.client.api_keys.create(name=self._name.value.strip(), expiry_at=self._lasting.value, **given)

    def _make_key(self) -> None:
        if self.busy:
            raise InvalidInput("API keys: other work is going on in this panel: wait for its end")
        self._say("a key is being made …")
        self._beside(lambda _: self._made(), self._came_to_be)

    def _came_to_be(self, made: pd.Series) -> None:
        with self._lock:
            if self.closed:
                return
            name = self._name.value.strip()
            self.made = made
            made.attrs["key"] = name
            self._name.value = self._used.value = ""
            self._again.layout.display = ""
            self._well()
            self._say(f"{name} is made: copy it now, the platform does not give it again")
            self._show_again()
        self._after()

    def _show_again(self) -> None:
        if self.made is not None:
            self._reveal.show(f"API key {self.made.attrs['key']}", self.made["secret"], _SHOWN)

    def _fit(self) -> None:
        off = not self._name.value.strip()
        if self._create.disabled != off:
            self._create.disabled = off

    def close(self) -> None:
        """Stop all that goes on, forget the new key, and take the panel away."""
        self.made = None
        super().close()


def keys_of(keys: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """API keys as people ask for them: which open the account, and for how long.

    key (its name; with the beginning of its id where several have it), state (active, ends soon, ended, revoked),
    days_left (Int64, NA for a key that opens nothing), used_for, ends (UTC), off (why it can't be revoked).
    """
    ends, revoked = keys["expired_at"], keys["revoked_at"].notna()
    ended = ends.notna() & (ends <= now) & ~revoked
    left = ((ends - now).dt.total_seconds() // 86_400).astype("Int64").mask(revoked | ended)
    states = pd.Series("active", index=keys.index, dtype="str")
    states = states.mask(left.lt(_SOON).fillna(False).astype(bool), "ends soon").mask(ended, "ended")
    twice = keys["name"].duplicated(keep=False)
    names = keys["name"].mask(twice, keys["name"] + " · " + keys["id"].str[:8])
    found = {
        "key": names,
        "state": states.mask(revoked, "revoked"),
        "ends": ends,
        "days_left": left,
        "used_for": keys["description"],
        "off": pd.Series("", index=keys.index, dtype="str").mask(revoked, "it is revoked already"),
    }
    return pd.DataFrame(found, columns=list(_COLUMNS))
