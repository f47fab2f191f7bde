"""Metrics for others: what a fleet's environments do, for Prometheus and for OpenTelemetry."""

from __future__ import annotations

from createos_nb.metrics.definitions import METRICS, Metric
from createos_nb.metrics.reading import Exporter, Reading

__all__ = ["METRICS", "Exporter", "Metric", "Reading"]
