"""What is unusual, and since when: anomalies of counts and of any series, and change points.

`forecasts` says what was to be expected, `surprise` and `count_surprise` how far off a row is, `tails` how often that
happens, `onsets` makes incidents of it, `series_anomalies` and `request_anomalies` tables, and `anomaly` is what people
call; `changes` looks for a lasting change.
"""
