"""The same seed gives the same bytes, in this process and in others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

DIGESTS = {
    "series": "58e07a27086570fa06119046885d1c042ea753b1e47f471e8edfe300233d39a4",
    "cells": "b1cfd67b54094a430265bf14d9ae50d20c67d04165dab0c0de44d197e1ffa784",
    "events": "53bf8e186b8ecfc8524927eafcddac4821924d08a78e20a4b8ce503886c5ad28",
    "logs": "cea44fca13287af508260822d0e01e8e8e1eab7860c83f71f2b51886617559fb",
    "builds": "6ace6ed8f479ce5ae94eb84d8c2539ec3ff5eac2ca67353cc3a4800231ee73c4",
    "answers": "92f9e72ea70fbedf68a4d6d5297c4f071fffdec9b4616d3b8461964333da157d",
}


def test_the_story_has_the_digests_that_were_written_down(story: SimpleNamespace) -> None:
    assert story.digest() == DIGESTS


def simd() -> str:
    """The vector extensions that numpy would use on this processor beyond those that it can't do without."""
    from numpy._core import _multiarray_umath as umath  # numpy says it nowhere else

    return " ".join(name for name in umath.__cpu_dispatch__ if umath.__cpu_features__[name])


@pytest.mark.parametrize("hash_seed", [pytest.param("0", marks=pytest.mark.slow), "4242"])
def test_another_process_without_vector_extensions_has_them_too(hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "NPY_DISABLE_CPU_FEATURES": simd()}
    program = str(Path(__file__).with_name("story.py"))
    ran = subprocess.run([sys.executable, program], env=environment, capture_output=True, text=True, check=True)
    assert dict(line.split() for line in ran.stdout.splitlines()) == DIGESTS
