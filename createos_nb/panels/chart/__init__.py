"""The time chart: what it is made of, and charts of requests on it."""

from createos_nb.panels.chart.time_chart import Band, Limit, Mark, Pane, Series, TimeChart
from createos_nb.panels.chart.traffic import traffic_chart

__all__ = ["Band", "Limit", "Mark", "Pane", "Series", "TimeChart", "traffic_chart"]
