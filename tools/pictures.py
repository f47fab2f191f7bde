"""Draw the pictures of the README and the documentation from simulated worlds, in a real browser: `make pictures`.

The panels of `panel_pictures` are opened in Voila; one of them is used, and what a person would see after each act is a
frame of an animation. Both themes: a page shows the one that its reader has chosen.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from createos_nb.plots.encoding import few_colors
from tools.panel_pictures import FOLDER, HEIGHT, SHOTS, THEMES, act, give_reason, plan, small, taken

#: The animation of plan, apply and receipt.
ANIMATION: Final = "plan-apply-receipt"
#: How long each frame is shown, in milliseconds: the panel, the plan, the reason, the receipt.
SHOWN: Final = (2500, 5000, 2500, 6000)
#: Dots that the animation is wide.
WIDE: Final = 920
_COLORS: Final = 64
_WAIT: Final = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.pictures", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write them (default: data/pictures)")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{ANIMATION}, {', '.join(SHOTS)} (default: all)")
    options = parser.parse_args(arguments)
    known = (ANIMATION, *SHOTS)
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"no picture {', '.join(unknown)}; there is: {', '.join(known)}")
    names = options.names or known
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        with voila() as address:
            for name, theme in itertools.product(names, THEMES):
                with opened(browser, address, "rollback" if name == ANIMATION else name, theme) as page:
                    path = options.folder / f"{name}-{theme}.{'gif' if name == ANIMATION else 'png'}"
                    if name == ANIMATION:
                        write_animation(animation(page), path)
                    else:
                        path.write_bytes(small(SHOTS[name].taken(page)))
                print(f"{path} {path.stat().st_size / 1000:,.0f} kB", flush=True)
        browser.close()
    return 0


def animation(page: Page) -> list[Image.Image]:
    """Return the frames of plan, apply and receipt in the panel that rolls back."""
    page.set_viewport_size({"width": SHOTS["rollback"].width, "height": HEIGHT})
    frames = [taken(page)]
    plan(page)
    frames.append(taken(page))
    give_reason(page, "checkout fails since 13:20", "production")
    frames.append(taken(page))
    act(page, "Roll back", "Receipt")
    frames.append(taken(page))
    return frames


def write_animation(frames: Sequence[Image.Image], path: Path) -> None:
    """Write frames as a GIF of one size; a shorter one stands on its own ground."""
    width, height = (max(sizes) for sizes in zip(*(frame.size for frame in frames), strict=True))
    whole = []
    for frame in frames:
        ground = frame.getpixel((frame.width // 2, 3))
        own = Image.new("RGB", (width, height), ground)
        own.paste(frame)
        scaled = own.resize((WIDE, round(height * WIDE / width)), Image.Resampling.LANCZOS)
        whole.append(few_colors(np.asarray(scaled.convert("RGBA")), _COLORS))
    whole[0].save(path, save_all=True, append_images=whole[1:], duration=list(SHOWN), loop=0, optimize=True)


@contextmanager
def opened(browser: Browser, address: str, name: str, theme: str) -> Iterator[Page]:
    """Give the page of a panel in one theme."""
    page = browser.new_page()
    page.goto(f"{address}/voila/render/{name}.ipynb?theme={theme}", timeout=_WAIT * 1000)
    page.locator(".createos-panel").first.wait_for(timeout=_WAIT * 1000)
    yield page
    page.close()


@contextmanager
def voila() -> Iterator[str]:
    """Serve a page for each panel; give the address."""
    with tempfile.TemporaryDirectory(prefix="createos-pictures-") as own:
        root = Path(own)
        for name, shot in SHOTS.items():
            (root / f"{name}.ipynb").write_text(_book([shot.cell]))
        with _served("voila", ["--Voila.ip=127.0.0.1", own], root) as address:
            yield address


def _book(cells: Sequence[str]) -> str:
    return json.dumps(
        {
            "cells": [
                {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": cell}
                for cell in cells
            ],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            "nbformat": 4,
            "nbformat_minor": 4,
        }
    )


@contextmanager
def _served(module: str, options: Sequence[str], folder: Path) -> Iterator[str]:
    """Run a server of notebooks; give its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--no-browser", f"--port={port}", *options],
        env=os.environ | {"CREATEOS_NB_JOURNALS": "journals"},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _answered(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _answered(address: str, process: subprocess.Popen[Any]) -> None:
    end = time.monotonic() + _WAIT
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > end or process.poll() is not None:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
