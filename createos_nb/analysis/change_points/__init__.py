"""Change points: when the level of errors, or of any series, has changed for good.

`change_points` is what people call: of requests it judges the errors itself; any other series is divided by
`level_changes`, which tells its noise with `level_noise` and tests each division with `level_tests`.
"""
