// What the kernel sends of a chart: a description, and all its numbers as one array of bytes.

export type Kind = "line" | "bars";

/** Where a column lies within the numbers: the position of its first number, and how many there are. */
export type Place = [first: number, count: number];

export interface SeriesSpec {
  name: string;
  color: string;
  /** Beginnings of buckets, Unix seconds. */
  x: Place;
  y: Place;
  /** Ends of buckets, Unix seconds. */
  ends: Place;
}

/** The range in which values usually lie. */
export interface UsualSpec {
  name: string;
  x: Place;
  ends: Place;
  low: Place;
  high: Place;
}

/** What bars of percentages are made of, in buckets. */
export interface ShareSpec {
  /** How long a bar lasts where nothing is zoomed. */
  seconds: number;
  /** Where a bar begins: none has buckets of before and after. */
  breaks: number[];
  x: Place;
  ends: Place;
  part: Place;
  whole: Place;
  expected: Place | null;
  high: Place | null;
}

export interface PaneSpec {
  title: string;
  unit: string;
  kind: Kind;
  height: number;
  limit: { value: number; label: string } | null;
  series: SeriesSpec[];
  usual?: UsualSpec | null;
  share?: ShareSpec | null;
}

export interface MarkSpec {
  time: number;
  /** The end of what lasts; null for a moment. */
  until: number | null;
  label: string;
  kind: string;
}

export interface BandSpec {
  start: number;
  end: number;
  label: string;
  note: string;
  chosen: boolean;
}

export interface ChartSpec {
  label: string;
  group: string;
  start: number;
  end: number;
  panes: PaneSpec[];
  marks: MarkSpec[];
  bands: BandSpec[];
}

/** Stretches of time, in order. */
export interface Buckets {
  starts: Float64Array;
  ends: Float64Array;
}

export interface Series extends Omit<SeriesSpec, "x" | "y" | "ends">, Buckets {
  /** NaN where nothing is known. */
  values: Float64Array;
}

export interface Usual extends Buckets {
  name: string;
  /** NaN where nothing is known. */
  lows: Float64Array;
  highs: Float64Array;
}

export interface Share extends Buckets {
  seconds: number;
  breaks: number[];
  part: Float64Array;
  whole: Float64Array;
  expected: Float64Array | null;
  high: Float64Array | null;
}

export interface Pane extends Omit<PaneSpec, "series" | "usual" | "share"> {
  series: Series[];
  usual: Usual | null;
  share: Share | null;
}

export interface Range {
  min: number;
  max: number;
}

/** The numbers of a view on bytes, which need not begin where eight bytes begin. */
export function numbers(bytes: DataView | null | undefined): Float64Array {
  if (!bytes || !bytes.byteLength) return new Float64Array(0);
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteOffset % 8 === 0) return new Float64Array(buffer as ArrayBuffer, byteOffset, byteLength / 8);
  return new Float64Array((buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength));
}

/** The panes with their columns. */
export function panesOf(spec: ChartSpec, all: Float64Array): Pane[] {
  const column = ([first, count]: Place): Float64Array => all.subarray(first, first + count);
  return (spec.panes ?? []).map((pane) => ({
    ...pane,
    series: pane.series.map(({ name, color, x, y, ends }) => ({
      name,
      color,
      starts: column(x),
      ends: column(ends),
      values: column(y),
    })),
    usual: pane.usual
      ? {
          name: pane.usual.name,
          starts: column(pane.usual.x),
          ends: column(pane.usual.ends),
          lows: column(pane.usual.low),
          highs: column(pane.usual.high),
        }
      : null,
    share: pane.share
      ? {
          seconds: pane.share.seconds,
          breaks: pane.share.breaks,
          starts: column(pane.share.x),
          ends: column(pane.share.ends),
          part: column(pane.share.part),
          whole: column(pane.share.whole),
          expected: pane.share.expected && column(pane.share.expected),
          high: pane.share.high && column(pane.share.high),
        }
      : null,
  }));
}

/** The position of the last number that is not above `value`, -1 where there is none; the numbers are in order. */
export function lastNotAbove(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The bucket in which a moment lies, -1 where none does. */
export function bucketAt(series: Buckets, time: number): number {
  const at = lastNotAbove(series.starts, time);
  return at >= 0 && time < (series.ends[at] as number) ? at : -1;
}

/** First and last bucket that reach into a range; the last is before the first where none does. */
export function bucketsIn(series: Buckets, { min, max }: Range): [first: number, last: number] {
  let first = Math.max(lastNotAbove(series.starts, min), 0);
  while (first < series.ends.length && (series.ends[first] as number) <= min) first += 1;
  let last = lastNotAbove(series.starts, max);
  if (last >= 0 && (series.starts[last] as number) >= max) last -= 1;
  return [first, last];
}
