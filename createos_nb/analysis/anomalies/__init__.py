"""Anomaly detection: what is unusual in counts and in any series.

`forecasts` says what was to be expected, `anomaly_score` and `count_score` how far off a row is, `tails` how often that
happens, `onsets` makes incidents of it, `series_anomalies` and `request_anomalies` tables, and `anomaly` is what people
call.
"""
