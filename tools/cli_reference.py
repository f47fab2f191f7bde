"""Write the reference of the command line: `python -m tools.cli_reference` makes data/cli.md."""

from __future__ import annotations

from createos_nb.cli.reference import markdown
from createos_nb.data_files import folder

if __name__ == "__main__":
    (folder("data") / "cli.md").write_text(markdown(), encoding="utf-8")
    print("wrote data/cli.md")
