"""`createos-nb whoami`: whose key is used, where it was found, and what it opens."""

from __future__ import annotations

from createos_nb.cli import tables
from createos_nb.cli.exit_codes import DONE
from createos_nb.cli.options import FOR_PEOPLE, HERE, Form, Place, opened
from createos_nb.client.connect.live import live_profile


def whoami(*, place: Place = HERE, form: Form = FOR_PEOPLE) -> int:
    """Say which account, key and address are used.

    Args:
        place: which account.
        form: in which form.

    Returns:
        The exit code.

    Raises:
        CreateOSError: No key is found, or the platform does not take it.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["whoami", "--scenario", "bad-release"])
        account   marlow@juniper-goods.example.com
        user id   ...
        base URL  https://api.simulator.invalid (SIMULATOR)
        key from  the simulated world
        0
    """
    import pandas as pd

    from createos_nb.client.client import Client
    from createos_nb.client.connect import credentials

    plain = form.plain
    profile = live_profile(place.target)
    if profile is None:
        with opened(place) as client:
            user, url, simulated, found = client.account.current_user(), client.base_url, client.simulated, ""
    else:
        resolved = credentials.find(profile or None)
        with Client(api_key=resolved.api_key, access_token=resolved.access_token, base_url=resolved.base_url) as client:
            user, url, simulated, found = (
                client.account.current_user(),
                client.base_url,
                client.simulated,
                resolved.found_in,
            )
    facts = {
        "account": str(user["email"]),
        "user_id": str(user["id"]),
        "base_url": url,
        "kind": "SIMULATOR" if simulated else "PLATFORM",
        "key_from": found or "the simulated world",
    }
    if plain:
        print(f"account   {facts['account']}\nuser id   {facts['user_id']}")
        print(f"base URL  {facts['base_url']} ({facts['kind']})\nkey from  {facts['key_from']}")
    else:
        tables.show(pd.DataFrame([facts]), "whoami/1", form)
    return DONE
