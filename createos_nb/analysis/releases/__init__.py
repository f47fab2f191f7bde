"""Is the new version as healthy as the baseline?

From the counts of both sides to a decision: `watch` aligns the frames and `paths` the error paths; `likelihood` says
how likely the errors are under each noise, `weights` which noise is feared, `evidence` weighs that, `interval` bounds
the ratio; `combine_evidence` puts classes of errors and paths together, `decision` decides, `summary` and `wording`
make the `result`. `fleet` judges many releases at once; `baselines` are the judges of the field.
"""
