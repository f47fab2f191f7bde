"""`python -m tools.site [links]`: the site into `docs/_build/html`; `links` asks the outer links instead."""

from __future__ import annotations

import shutil
import sys
import time

from sphinx.cmd.build import main as sphinx

from tools.site import api, lite, reference, stage
from tools.site.layout import ROOT
from tools.site.stage import BUILD, SOURCE


def main() -> int:
    """Lay out, build; return the exit code."""
    began = time.monotonic()
    for folder in ("html", "linkcheck", "doctrees"):
        shutil.rmtree(BUILD / folder, ignore_errors=True)  # a page that is gone stays nowhere
    stage.lay_out()
    api.write(SOURCE)
    reference.write(SOURCE)
    links = sys.argv[1:] == ["links"]
    said = "" if links else try_it_now()
    builder = "linkcheck" if links else "html"
    folders = ["-c", str(ROOT / "docs"), "-d", str(BUILD / "doctrees")]
    options = ["-b", builder, *folders, "-j", "auto", "-q", "-W", "--keep-going"]
    code: int = sphinx([*options, str(SOURCE), str(BUILD / builder)])
    if code == 0 and not links:
        print(f"The site is docs/_build/html/index.html, built in {time.monotonic() - began:.0f} s. {said}")
    return code


def try_it_now() -> str:
    """Build what runs in the browser, write the page that says whether it is there, and return that in a sentence."""
    built, reason = "", ""
    try:
        built = lite.build(BUILD / "html")
    except lite.NotHere as why:
        reason = str(why)
    (SOURCE / "try.md").write_text(lite.page(built, reason), encoding="utf-8")
    return f"Try it now: {built}." if built else f"LEFT OUT: Try it now. {reason}."


if __name__ == "__main__":
    sys.exit(main())
