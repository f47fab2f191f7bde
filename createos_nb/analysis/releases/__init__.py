"""Is the new version as healthy as the baseline?

From the counts of both sides to a decision: `watch` aligns the frames and `paths` the error paths; `noise` says what is
one side's own, `likelihood` and `onset` how likely the errors are, `evidence` weighs that, `interval` bounds the ratio;
`combined` puts classes of errors and paths together, `decision` decides, `summary` and `words` make the `result`.
`other_judges` are those of the field.
"""
