"""Anomaly detection: anomalies of counts and of any series, and change points.

`forecasts` says what was to be expected, `anomaly_score` and `count_score` how far off a row is, `tails` how often that
happens, `onsets` makes incidents of it, `series_anomalies` and `request_anomalies` tables, and `anomaly` is what people
call; `change_points` looks for a lasting change: of errors itself, of any
series with `level_changes`, which tells its noise with `level_noise` and tests it with `level_tests`.
"""
