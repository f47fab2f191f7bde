"""What is unusual, and since when: anomalies of counts and of any series, and change points.

`forecasts` says what was to be expected, `surprise` and `count_surprise` how far off a row is, `tails` how often that
happens, `anomaly` makes incidents of it; `changes` looks for a lasting change.
"""
