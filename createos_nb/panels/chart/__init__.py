"""The time chart: what it is made of, and charts of requests on it."""

from createos_nb.panels.chart.parts import Band, Limit, Mark, Pane, Series, Share, Usual
from createos_nb.panels.chart.time_chart import TimeChart
from createos_nb.panels.chart.traffic import traffic_chart

__all__ = ["Band", "Limit", "Mark", "Pane", "Series", "Share", "TimeChart", "Usual", "traffic_chart"]
