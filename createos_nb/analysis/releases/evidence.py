"""The evidence that a release is worse, or well, from the errors of baseline and candidate: arrays in, arrays out.

In bucket t the baseline and the candidate had B and G requests, b and g errors, s = b + g. Given s, only the *ratio* ρ
of the error rates decides how the s errors fall to the sides, so an incident or a wave that both sides share cancels
exactly. With noise of one side's own (`noise`) errors are worth less: `likelihood` gives one likelihood L_k(ρ) for each
reading k of it, and weighted by how likely the baseline's own counts make each noise, one curve

    L(ρ) = Σ_k w_k L_k(ρ).

The evidence against "not worse than ρ₀" is Σ_j u_j L(ρ₀ r_j) / L(ρ₀) with r_j from 1.25 to 40 and weights u_j that add
up to 1; against "ρ₁ times as bad or worse" it is the same with r_j below 1. Were one of the noises the truth and its
weight w, the evidence would be a nonnegative martingale divided by w at most, so by Ville's inequality the chance that
it *ever* reaches 1/α would be at most α/w, however often one looks; weights of noises that fit are near 1. What the
chance is where the truth is none of them is measured: see the statistics of the project.

To roll back, a part of the alternatives begins only later than the release, in any bucket, and a small part is an
outage of the candidate alone (`onset`); and with a fifth of the weight, where a history of some length calibrates it,
there stands beside it the calm likelihood to the power of 1/φ (φ: the dispersion of the baseline over long stretches),
which is quick where errors come in crowds (`power_likelihood`).

Assumptions: the baseline's noise is no calmer than the candidate's; requests of a bucket are few against the errors
that could be (Poisson; for error rates near 1 the true variance is smaller, which errs to the safe side); the mix of
requests is the same on both sides.

Sources: conditioning and Ville as in Lindon, Sanden and Shirikian (KDD 2022, arXiv 2205.14762); mixtures over nuisance
as in Wasserman, Ramdas and Balakrishnan (PNAS 2020); power likelihoods as in Grünwald (2012).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.likelihood import memoryless, paths, readings
from createos_nb.analysis.releases.noise import Noises, dispersion, log_sum, log_weights, noises, predictive
from createos_nb.analysis.releases.onset import OnsetState, late, outage
from createos_nb.analysis.releases.power_likelihood import Steps, power_evidence
from createos_nb.analysis.validation import Bools, Floats, Ints

WORSE = (1.25, 1.6, 2.0, 2.7, 4.0, 7.0, 15.0, 40.0)
"""Ratios held against "not worse", relative to it, and their weights: 1.5 to 5 times is what releases do."""
WORSE_WEIGHTS = (0.07, 0.15, 0.16, 0.20, 0.22, 0.13, 0.05, 0.02)

BETTER = (0.8, 0.625, 0.5, 0.4, 0.3, 0.2, 0.1, 0.04)
"""Ratios held against "this much worse", relative to it, and their weights: half of twice as bad is healthy."""
BETTER_WEIGHTS = (0.10, 0.20, 0.25, 0.20, 0.15, 0.06, 0.03, 0.01)

POWER_SHARE = 0.2
"""The share of the power likelihood, where history calibrates it."""

LATE, OUT = 0.15, 0.05
"""The share of regressions that begin after the release; that of outages, which is no question of ratios."""

_UP, _DOWN = np.array((1.0, *WORSE)), np.array((1.0, *BETTER))

_CELLS = 4096
"""Buckets worked on at a time, so that arrays stay in the processor's cache."""

STRETCH = 8192
"""Buckets that are worked through before it is asked whether the watch is over."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Natural logarithms of the evidence after each bucket; shape `(n, T)`."""

    rollback: Floats
    """Against "the candidate fails at most `rollback_at` times as often as the baseline"."""
    promote: Floats
    """Against "the candidate fails at least `promote_at` times as often as the baseline"."""
    curves: Curves
    """The likelihoods behind it, after the buckets for which they were asked."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Log-likelihoods of ratios after some buckets, up to a constant; shape `(n, P, R)`."""

    positions: Ints
    """Shape `(P,)`: the buckets, counted from 0."""
    nodes: tuple[Floats, Floats]
    """The ratios, rising: of `against_low`, and of `against_high`."""
    against_low: Floats
    """L(ρ) as it serves against ratios up to ρ: where the noise leaves the mean share of the candidate open, high."""
    against_high: Floats
    """L(ρ) as it serves against ratios from ρ on: likewise low."""

    def at_last(self, rows: Ints) -> Curves:
        """Some rows, at the last of the positions alone."""
        return Curves(
            self.positions[-1:],
            self.nodes,
            self.against_low[rows, -1:],
            self.against_high[rows, -1:],
        )


def evaluate(
    paired: PairedCounts,
    *,
    rollback_at: float = 1.0,
    promote_at: float = 2.0,
    nodes: tuple[Floats, Floats] | None = None,
    positions: Ints | None = None,
) -> Evidence:
    """Evidence for n watches at once. The entry of a bucket depends on that bucket and the ones before only.

    This is what `release_verdict` calls (through `follow`) with one row and the simulations call with thousands. For
    `nodes` and `positions` see `follow`.
    """
    return joined(
        list(follow(paired, rollback_at=rollback_at, promote_at=promote_at, nodes=nodes, positions=positions))
    )


def joined(parts: list[Evidence]) -> Evidence:
    """Stretches that follow each other, as one."""
    first = parts[0].curves
    curves = Curves(
        np.concatenate([part.curves.positions for part in parts]),
        first.nodes,
        np.concatenate([part.curves.against_low for part in parts], axis=1),
        np.concatenate([part.curves.against_high for part in parts], axis=1),
    )
    return Evidence(
        np.concatenate([part.rollback for part in parts], axis=1),
        np.concatenate([part.promote for part in parts], axis=1),
        curves,
    )


def follow(
    paired: PairedCounts,
    *,
    rollback_at: float = 1.0,
    promote_at: float | None = 2.0,
    nodes: tuple[Floats, Floats] | None = None,
    positions: Ints | None = None,
) -> Iterator[Evidence]:
    """The evidence in stretches of 8,192 buckets, so that a caller may stop once a watch is over.

    `promote_at`: None where promoting is not asked about, which costs half.

    `positions`: buckets after which the curves are wanted, at the ratios `nodes`, which must hold what the evidence
    needs: `rollback_at` times 1 and `WORSE` the first, `promote_at` times 1 and `BETTER` the second.
    """
    watches, buckets = paired.old_requests.shape
    curve_positions = np.zeros(0, dtype=np.int64) if positions is None else positions
    promote_nodes = np.zeros(0) if promote_at is None else promote_at * _DOWN
    up_nodes, down_nodes = (rollback_at * _UP, promote_nodes) if nodes is None else nodes
    with_errors = np.asarray(paired.old_errors.any(axis=1) | paired.new_errors.any(axis=1))
    out = outage(paired) if rollback_at == 1.0 else None
    if not with_errors.any():
        for first in range(0, max(buckets, 1), STRETCH):
            last = min(first + STRETCH, buckets)
            in_stretch = curve_positions[(curve_positions >= first) & (curve_positions < last)]
            low, high = (np.zeros((watches, len(in_stretch), len(values))) for values in (up_nodes, down_nodes))
            flat = Curves(in_stretch, (up_nodes, down_nodes), low, high)
            nothing = np.zeros((watches, last - first))
            yield Evidence(_with_outage(nothing, out, first), nothing, flat)
        return
    if not with_errors.all():
        # without errors the ratio is left open, and a row of zeros costs as much as any other
        done = 0
        for stretch in follow(
            paired.rows(with_errors), rollback_at=rollback_at, promote_at=promote_at, nodes=nodes, positions=positions
        ):
            first, done = done, done + stretch.rollback.shape[1]
            power = _with_outage(np.zeros((watches, done - first)), out, first)
            yield _expand_rows(stretch, with_errors, power)
        return
    kinds = noises(paired.bucket_seconds)
    split, ratios = len(up_nodes), np.concatenate([up_nodes, down_nodes])
    up, down = _nearest_nodes(up_nodes, rollback_at * _UP), split + _nearest_nodes(down_nodes, promote_nodes)
    step = max(_CELLS // max(min(buckets, STRETCH), 1), 1)
    parts = [slice(first, first + step) for first in range(0, max(watches, 1), step)]
    weights, powers = zip(*(_weights(paired.rows(part), kinds) for part in parts), strict=True)
    share = np.where(paired.calibrated, POWER_SHARE, 0.0)
    quick = np.flatnonzero(memoryless(kinds))
    last_path: list[Floats | None] = [None for _ in parts]
    late_state: list[OnsetState | None] = [None for _ in parts]
    power_state: list[Steps | None] = [None for _ in parts]
    errors_so_far = np.zeros(watches, dtype=np.bool_)
    for first in range(0, max(buckets, 1), STRETCH):
        last = min(first + STRETCH, buckets)
        in_stretch = curve_positions[(curve_positions >= first) & (curve_positions < last)]
        rollback, promote = np.zeros((watches, last - first)), np.zeros((watches, last - first))
        curve = np.zeros((watches, len(in_stretch), len(ratios)))
        for number, part in enumerate(parts):
            path = paths(paired.rows(part), slice(first, last), kinds, ratios, split)
            before = last_path[number]
            if before is not None:
                path += before
            weight, careful = weights[number][:, :, first:last]
            null, worse = _mixed(path, weight, up[:1])[..., 0], _mixed(path, weight, up[1:])
            evidence = log_sum(worse + np.log(WORSE_WEIGHTS)) - null
            prior = weight[..., quick, None] + np.log(WORSE_WEIGHTS)
            later, late_state[number] = late(path[:, :, quick], prior, null, first, up, late_state[number])
            evidence = np.logaddexp(evidence + np.log1p(-LATE), later + np.log(LATE))
            if share[part].any():
                # the calm reading is the first
                power, power_state[number] = power_evidence(
                    path[:, :, 0, up], powers[number], WORSE_WEIGHTS, power_state[number]
                )
                with np.errstate(divide="ignore"):
                    evidence = np.logaddexp(evidence + np.log1p(-share[part, None]), power + np.log(share[part, None]))
            # before the first error there is no evidence either way, whatever noise is feared
            errors_so_far[part], errors = _errors_since(paired.rows(part), slice(first, last), errors_so_far[part])
            rollback[part] = np.where(errors, evidence, 0.0)
            if len(down):
                better = _mixed(path, careful, down)
                promote[part] = log_sum(better[..., 1:] + np.log(BETTER_WEIGHTS)) - better[..., 0]
            if len(in_stretch):
                at = in_stretch - first
                curve[part, :, :split] = _mixed(path[:, at], weight[:, at], np.arange(split))
                curve[part, :, split:] = _mixed(path[:, at], careful[:, at], np.arange(split, len(ratios)))
            last_path[number] = path[:, -1:]
        yield Evidence(
            _with_outage(rollback, out, first),
            promote,
            Curves(in_stretch, (up_nodes, down_nodes), curve[..., :split], curve[..., split:]),
        )


def _with_outage(evidence: Floats, outage_evidence: Floats | None, first: int) -> Floats:
    """The evidence to roll back with that of an outage beside it, from a bucket on."""
    if outage_evidence is None:
        return evidence
    return np.asarray(
        np.logaddexp(evidence + np.log1p(-OUT), outage_evidence[:, first : first + evidence.shape[1]] + np.log(OUT))
    )


def _expand_rows(evidence: Evidence, rows: Bools, rest: Floats) -> Evidence:
    """The evidence of some rows among all; the others have that of `calm` to roll back, and flat curves."""

    def expand(values: Floats) -> Floats:
        expanded = np.zeros((len(rows), *values.shape[1:]))
        expanded[rows] = values
        return expanded

    rest[rows] = evidence.rollback
    known = evidence.curves
    curves = Curves(
        known.positions,
        known.nodes,
        expand(known.against_low),
        expand(known.against_high),
    )
    return Evidence(rest, expand(evidence.promote), curves)


def _nearest_nodes(nodes: Floats, ratios: Floats) -> Ints:
    """Return where the null and its alternatives stand among the nodes."""
    if not len(ratios):
        return np.zeros(0, dtype=np.int64)
    return np.asarray(np.abs(nodes - ratios[:, None]).argmin(axis=1))


def _mixed(path: Floats, weight: Floats, positions: Ints) -> Floats:
    """L(ρ) at some nodes, `(n, T, len(places))`."""
    return log_sum(np.moveaxis(path[..., positions] + weight[..., None], 2, -1))


def _errors_since(paired: PairedCounts, part: slice, before: Bools) -> tuple[Bools, Bools]:
    """Return whether there were errors by the end of a stretch, `(n,)`, and by each of its buckets, `(n, T)`."""
    has_errors = (paired.old_errors[:, part] > 0) | (paired.new_errors[:, part] > 0)
    so_far = np.asarray(np.logical_or.accumulate(has_errors, axis=1) | before[:, None])
    return so_far[:, -1], so_far


def _weights(paired: PairedCounts, kinds: Noises) -> tuple[Floats, Floats]:
    """Return log-weights and dispersions.

    The log-weights of the readings before each bucket, `(2, n, T, K + W)`: to roll back and to promote; and the
    dispersion for the power likelihood, `(n,)`.
    """
    calibrated = paired.calibrated
    before = paired.history_requests.shape[1]
    requests, errors = paired.old_requests, paired.old_errors
    if before:
        requests = np.concatenate([paired.history_requests, requests], axis=1)
        errors = np.concatenate([paired.history_errors, errors], axis=1)
    log_predictive = predictive(requests, errors, kinds)
    weights = readings(log_weights(log_predictive, before, kinds, calibrated, _known(paired)), kinds)
    if not calibrated.any():
        return weights, np.ones(len(calibrated))
    return weights, dispersion(paired.history_requests, paired.history_errors, log_predictive[:, :before], kinds)


def _known(paired: PairedCounts) -> Floats:
    """Errors of the baseline before each bucket of the watch, `(n, T)`.

    Where it has more of the traffic, those that it would have at an even split, since the smaller side limits what is
    known.
    """
    old, new, errors = (
        np.cumsum(counts, axis=1) - counts for counts in (paired.old_requests, paired.new_requests, paired.old_errors)
    )
    return np.asarray(errors * 2 * new / np.maximum(old + new, 1.0))
