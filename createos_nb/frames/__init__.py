"""Tables: rows of the wire as typed DataFrames. The only place that builds a resource's frame."""

from __future__ import annotations

from createos_nb.frames.build import Builder, frame_of, record_of
from createos_nb.frames.log_search import LogFilter, log_filter
from createos_nb.frames.logs import build_log_frame, runtime_log_frame
from createos_nb.frames.read import Reader, reader
from createos_nb.frames.schema import Column, Schema, schema
from createos_nb.frames.series import Buckets, requests_frame

__all__ = [
    "Buckets",
    "Builder",
    "Column",
    "LogFilter",
    "Reader",
    "Schema",
    "build_log_frame",
    "frame_of",
    "log_filter",
    "reader",
    "record_of",
    "requests_frame",
    "runtime_log_frame",
    "schema",
]
