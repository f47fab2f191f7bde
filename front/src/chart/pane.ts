// One pane of a chart: uPlot draws its lines; bars, limits and what is unknown are drawn from the same columns.
import uPlot from "uplot";
import { AXIS_HEIGHT, AXIS_WIDTH, PAD_BOTTOM, PAD_RIGHT, PAD_TOP } from "./layout";
import { duration, formatTick, timeTicks, top, type Zone } from "./scales";
import { bucketsIn, type Buckets, type Pane, type Range, type Series } from "./spec";
import type { Palette } from "./theme";

/** What panes of one chart share; it changes while they live. */
export interface Shared {
  view: Range;
  zone: Zone;
  palette: Palette;
  font: string;
}

/** The middle of each bucket: there the point of a line stands, for it tells of the whole bucket. */
function middles({ starts, ends }: Buckets): Float64Array {
  return starts.map((start, at) => (start + (ends[at] as number)) / 2);
}

function known(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}

function same(a: Float64Array, b: Float64Array): boolean {
  return a === b || (a.length === b.length && a.every((value, at) => value === b[at]));
}

/** Seconds before the end of a step at which its last point stands: the next step has one at the end. */
const NEARLY = 1e-3;

/** The upper and the lower end of the usual range: from point to point of a line, in steps of bars. */
function usualTables(pane: Pane): uPlot.AlignedData[] {
  const { usual } = pane;
  if (!usual) return [];
  const both = [usual.highs, usual.lows];
  if (pane.kind === "line") return both.map((values) => [middles(usual), known(values)]);
  const times = new Float64Array(usual.starts.length * 2);
  usual.starts.forEach((start, at) => {
    times[2 * at] = start;
    times[2 * at + 1] = (usual.ends[at] as number) - NEARLY;
  });
  return both.map((values) => [times, known(values).flatMap((value) => [value, value])]);
}

/**
 * The columns as uPlot takes them, the usual range first; series with times of their own are joined, and stay without
 * gaps by that.
 */
export function aligned(pane: Pane): uPlot.AlignedData {
  const tables = [
    ...usualTables(pane),
    ...pane.series.map((series): uPlot.AlignedData => [middles(series), known(series.values)]),
  ];
  const [first] = tables;
  if (!first) return [[]];
  if (tables.every((table) => same(table[0] as Float64Array, first[0] as Float64Array)))
    return [first[0], ...tables.map((table) => table[1] as (number | null)[])];
  return uPlot.join(tables);
}

/** The usual range gets as much room above the highest value as this many times of it; what is higher is cut. */
const ROOM = 1.5;

function highestOf(buckets: Buckets, values: Float64Array, range: Range): number {
  let found = 0;
  const [first, last] = bucketsIn(buckets, range);
  for (let at = first; at <= last; at += 1) {
    const value = values[at] as number;
    if (value > found) found = value;
  }
  return found;
}

/** The highest value in a range, so that no peak is cut; 0 where nothing is known. */
export function highest(pane: Pane, range: Range): number {
  const value = Math.max(0, ...pane.series.map((series) => highestOf(series, series.values, range)));
  const usual = pane.usual ? highestOf(pane.usual, pane.usual.highs, range) : 0;
  return Math.max(value, pane.limit?.value ?? 0, Math.min(usual, ROOM * value));
}

/** Points that have a gap on both sides: a line would not show them. */
function alone(values: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  for (let at = 0; at < values.length; at += 1)
    if (values[at] != null && values[at - 1] == null && values[at + 1] == null) found.push(at);
  return found;
}

function barPath(series: Series, shared: Shared): uPlot.Series.PathBuilder {
  return (u) => {
    const fill = new Path2D();
    const ratio = uPlot.pxRatio;
    const floor = u.valToPos(0, "y", true);
    const [first, last] = bucketsIn(series, shared.view);
    for (let at = first; at <= last; at += 1) {
      const value = series.values[at] as number;
      if (!(value > 0)) continue; // zero is drawn as nothing
      const left = u.valToPos(series.starts[at] as number, "x", true);
      const width = u.valToPos(series.ends[at] as number, "x", true) - left;
      const gap = width > 5 * ratio ? ratio : 0;
      const height = Math.max(floor - u.valToPos(value, "y", true), 1.5 * ratio);
      fill.rect(left + gap / 2, floor - height, Math.max(width - gap, ratio), height);
    }
    return { stroke: null, fill, flags: 0 } as unknown as uPlot.Series.Paths;
  };
}

/** Hatches the stretches of which nothing is known, so that they differ from zero. */
function hatch(u: uPlot, pane: Pane, shared: Shared): void {
  const { ctx, bbox } = u;
  const ratio = uPlot.pxRatio;
  const shapes = new Path2D();
  let any = false;
  for (const series of pane.series) {
    const [first, last] = bucketsIn(series, shared.view);
    for (let at = first; at <= last; at += 1) {
      if (Number.isFinite(series.values[at])) continue;
      const from = at;
      while (at < last && !Number.isFinite(series.values[at + 1])) at += 1;
      const left = Math.max(u.valToPos(series.starts[from] as number, "x", true), bbox.left);
      const right = Math.min(u.valToPos(series.ends[at] as number, "x", true), bbox.left + bbox.width);
      if (right <= left) continue;
      shapes.rect(left, bbox.top, right - left, bbox.height);
      any = true;
    }
  }
  if (!any) return;
  ctx.save();
  ctx.clip(shapes);
  ctx.strokeStyle = shared.palette["edge"] ?? "";
  ctx.globalAlpha = 0.55;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  const step = 6 * ratio;
  for (let x = bbox.left - bbox.height; x < bbox.left + bbox.width; x += step) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

function drawLimit(u: uPlot, pane: Pane, shared: Shared): void {
  if (!pane.limit) return;
  const { ctx, bbox } = u;
  const ratio = uPlot.pxRatio;
  const y = Math.round(u.valToPos(pane.limit.value, "y", true)) + 0.5;
  ctx.save();
  ctx.strokeStyle = shared.palette["edge"] ?? "";
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.font = `${11 * ratio}px ${shared.font}`;
  ctx.lineJoin = "round";
  ctx.lineWidth = 4 * ratio;
  ctx.strokeStyle = shared.palette["ground"] ?? "";
  ctx.fillStyle = shared.palette["quiet"] ?? "";
  // above its line, and below it where the top of the pane is too near
  const above = y - bbox.top > 16 * ratio;
  ctx.textAlign = "left";
  ctx.textBaseline = above ? "bottom" : "top";
  const text = [pane.limit.label, bbox.left + 5 * ratio, y + (above ? -3 : 4) * ratio] as const;
  ctx.strokeText(...text);
  ctx.fillText(...text);
  ctx.restore();
}

function seriesOptions(pane: Pane, series: Series, values: ArrayLike<number | null | undefined>, shared: Shared): uPlot.Series {
  const color = (): string => shared.palette[series.color] ?? shared.palette["series"] ?? "";
  if (pane.kind === "bars") {
    return { label: series.name, auto: false, width: 0, fill: color, paths: barPath(series, shared), points: { show: false } };
  }
  const single = alone(values);
  const linear = (uPlot.paths.linear as uPlot.Series.LinearPathBuilderFactory)();
  const hasArea = series.color === "series" && pane.series[0] === series;
  return {
    label: series.name,
    auto: false,
    width: 1.4,
    stroke: color,
    paths: (u, at, first, last) => {
      const paths = linear(u, at, first, last);
      // more points than pixels: a thin line shows them better, and is drawn several times as fast
      return paths && last - first > u.bbox.width ? { ...paths, _width: 1 / uPlot.pxRatio } : paths;
    },
    ...(series.color === "usual" ? { dash: [4, 3] } : {}),
    ...(hasArea ? { fill: () => shared.palette["area"] ?? "" } : {}),
    points: { show: () => false, filter: () => (single.length ? single : null), size: 4, fill: color },
  };
}

/** An end of the usual range, which draws nothing itself: the band is filled between both. */
function usualOptions(name: string): uPlot.Series {
  return { label: name, auto: false, width: 0, stroke: "transparent", points: { show: false } };
}

/** The title of a pane, with how long one of its bars lasts where that follows the zoom. */
export function titleOf(pane: Pane): string {
  return pane.share ? `${pane.title}, ${duration(pane.share.seconds)}` : pane.title;
}

/** Draws a pane into an element; `last` has the axis of times below it. */
export function drawPane(into: HTMLElement, pane: Pane, shared: Shared, width: number, last: boolean): uPlot {
  const data = aligned(pane);
  const usual = pane.usual ? [usualOptions(pane.usual.name), usualOptions(pane.usual.name)] : [];
  const quiet = (): string => shared.palette["quiet"] ?? "";
  const font = `11px ${shared.font}`;
  const ticks = (u: uPlot, min: number, max: number): [number[], string[]] =>
    timeTicks(min, max, u.bbox.width / uPlot.pxRatio, shared.zone);
  const options: uPlot.Options = {
    width,
    height: pane.height + PAD_TOP + (last ? AXIS_HEIGHT : PAD_BOTTOM),
    padding: [PAD_TOP, PAD_RIGHT, last ? 0 : PAD_BOTTOM, 0],
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { time: true, auto: false, range: () => [shared.view.min, shared.view.max] },
      y: { auto: true, range: () => [0, top(highest(pane, shared.view))] },
    },
    axes: [
      {
        show: last,
        size: AXIS_HEIGHT,
        gap: 5,
        font,
        stroke: quiet,
        grid: { show: false },
        ticks: { show: false },
        splits: (u, _, min, max) => ticks(u, min, max)[0],
        values: (u) => ticks(u, shared.view.min, shared.view.max)[1],
      },
      {
        size: AXIS_WIDTH,
        gap: 6,
        font,
        stroke: quiet,
        grid: { stroke: () => shared.palette["line"] ?? "", width: 1 },
        ticks: { show: false },
        splits: (_, __, min, max) => [min, (min + max) / 2, max],
        values: (_, splits) => splits.map((value) => formatTick(value, pane.unit)),
      },
    ],
    series: [
      {},
      ...usual,
      ...pane.series.map((series, at) => seriesOptions(pane, series, data[at + 1 + usual.length] ?? [], shared)),
    ],
    bands: usual.length ? [{ series: [1, 2], fill: () => shared.palette["range"] ?? "" }] : [],
    hooks: {
      drawClear: [(u) => pane.kind === "bars" && hatch(u, pane, shared)],
      draw: [(u) => drawLimit(u, pane, shared)],
    },
  };
  return new uPlot(options, data, into);
}
