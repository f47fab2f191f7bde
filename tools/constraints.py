"""Write the versions of everything installed here into constraints.txt: `make constraints`, after the tests passed."""

from __future__ import annotations

import platform
import re
from importlib.metadata import distributions
from pathlib import Path

FILE = Path(__file__).parent.parent / "constraints.txt"
#: Installs packages, and is none of the project's.
_INSTALLERS = frozenset({"pip", "setuptools", "wheel", "uv"})


def constraints() -> str:
    """Each installed package with its version, without the project itself, as `pip install -c` reads it."""
    found = {re.sub(r"[-_.]+", "-", one.name).lower(): one.version for one in distributions()}
    lines = [f"{name}=={found[name]}" for name in sorted(found) if name not in {"createos-nb", *_INSTALLERS}]
    head = [
        f"# The versions that all tests last passed with, on Python {platform.python_version()}, {platform.system()}.",
        "# To have the same: pip install -c constraints.txt -e '.[dev]'. Written by `make constraints`.",
    ]
    return "\n".join([*head, *lines, ""])


if __name__ == "__main__":
    FILE.write_text(constraints(), encoding="utf-8")
