"""`python -m tools.site [links]`: the site into `docs/_build/html`, warnings as errors; `links` asks the outer links."""

from __future__ import annotations

import sys
import time

from sphinx.cmd.build import main as sphinx

from tools.site import api, reference, stage
from tools.site.layout import ROOT
from tools.site.stage import BUILD, SOURCE


def main() -> int:
    """Lay out, build; return the exit code."""
    began = time.monotonic()
    stage.lay_out()
    api.write(SOURCE)
    reference.write(SOURCE)
    builder = "linkcheck" if sys.argv[1:] == ["links"] else "html"
    options = ["-b", builder, "-c", str(ROOT / "docs"), "-d", str(BUILD / "doctrees"), "-j", "auto", "-q", "-W", "--keep-going"]
    code = sphinx([*options, str(SOURCE), str(BUILD / builder)])
    if code == 0 and builder == "html":
        print(f"The site is docs/_build/html/index.html, built in {time.monotonic() - began:.0f} s.")
    return code


if __name__ == "__main__":
    sys.exit(main())
