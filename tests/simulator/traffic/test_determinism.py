"""The same seed gives the same bytes, in this process and in others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

DIGESTS = {
    "series": "aa0444d8669771d2ffd4e13cf2f7defe9cdd3dc4f1f22a5016e877197c222801",
    "cells": "737103c5f1fb5101973c14b7557ad0dee51062c8419ec517b69c21d41d296aa5",
    "events": "8972941b3eb8e95e4a35b5de5cfd296c222fdab10d79ddd8839cbbf1645cb695",
    "logs": "5c6296c6a489b7b97243508e9f742f9c284693df25bf68f5632ed2111821b2ba",
    "builds": "6ace6ed8f479ce5ae94eb84d8c2539ec3ff5eac2ca67353cc3a4800231ee73c4",
    "answers": "92f9e72ea70fbedf68a4d6d5297c4f071fffdec9b4616d3b8461964333da157d",
}


def test_the_story_has_the_digests_that_were_written_down(story: SimpleNamespace) -> None:
    assert story.digest() == DIGESTS


def simd() -> str:
    """The vector extensions that numpy would use on this processor beyond those that it can't do without."""
    umath = pytest.importorskip("numpy._core._multiarray_umath")
    return " ".join(name for name in umath.__cpu_dispatch__ if umath.__cpu_features__[name])


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_another_process_without_vector_extensions_has_them_too(hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "NPY_DISABLE_CPU_FEATURES": simd()}
    program = str(Path(__file__).with_name("story.py"))
    ran = subprocess.run([sys.executable, program], env=environment, capture_output=True, text=True, check=True)
    assert dict(line.split() for line in ran.stdout.splitlines()) == DIGESTS
