"""Files that are excluded from an upload because of their content, and files that are sent with a warning."""

from __future__ import annotations

from typing import Final

from createos_nb.uploads import secret_tokens
from createos_nb.uploads.secret_names import is_code, is_database, is_fixture, is_judged

#: Marks a folder of installed Python packages, whatever its name.
VIRTUAL_ENVIRONMENT: Final = "pyvenv.cfg"

_INSTEAD: Final = "give it to the environment as a variable, or name the file in include="


def by_content(path: str, content: bytes) -> tuple[bool, str, bool]:
    """Return whether a file with this content is excluded; why, or a warning where it is sent; whether it has a token.

    Code and prose are sent and told of, for an app lacks them where they are left out; so is what tests read.
    """
    name = path.rsplit("/", 1)[-1]
    if secret_tokens.private_key(content):
        return True, "secret: it holds a private key", True
    if b"\0" in content and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return False, "a database: mind what it holds" if is_database(name) else "", False
    judged = is_judged(name)
    if form := secret_tokens.form_in(content):
        if judged or not (is_code(name) or is_fixture(path)):
            return True, f"secret: it holds {form}; {_INSTEAD}", True
        return False, f"it holds {form}: everybody who gets the file gets it too", True
    if judged:
        if secret_tokens.assigned_in(content):
            return True, f"secret: it holds a password or a token; {_INSTEAD}, and write ${{NAME}} there", True
        return False, "such files often hold a token: none was found in this one", False
    if name.lower().endswith(".sql") and not is_fixture(path) and secret_tokens.is_dump(content):
        return True, "secret: a dump, which holds data as it was in use", True
    return False, "", False
