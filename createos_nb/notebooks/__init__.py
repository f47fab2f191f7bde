"""Notebooks as programs: which there are, their parameters, and running one from top to bottom."""

from __future__ import annotations
