// Bars of percentages, counted from their buckets anew for each range: neither one block nor a hair's breadth.
import { bucketsIn, lastNotAbove, type Pane, type Range, type Series, type Share, type Usual } from "./spec";

/** Seconds that a bar may last, and how many are in a range at most; `createos_nb/panels/chart/bars.py` has the same. */
export const WIDTHS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800];
export const MOST_BARS = 48;

/** How long a bar lasts in a range: no shorter than a bucket, and few enough to be told apart. */
export function barSeconds(length: number, bucket: number): number {
  const fits = (each: number): boolean => each >= bucket && length / each <= MOST_BARS;
  return WIDTHS.find(fits) ?? (WIDTHS.at(-1) as number);
}

interface Bars {
  values: Pick<Series, "starts" | "ends" | "values">;
  usual: Pick<Usual, "starts" | "ends" | "lows" | "highs"> | null;
  seconds: number;
}

/** What is summed up of a bar; NaN as long as nothing is known. */
class Sum {
  value = NaN;

  add(count: number): void {
    if (Number.isFinite(count)) this.value = (Number.isFinite(this.value) ? this.value : 0) + count;
  }
}

/** The bars that reach into a range, each with all of its buckets. */
export function barsIn(share: Share, range: Range): Bars {
  const bucket = share.starts.length ? (share.ends[0] as number) - (share.starts[0] as number) : 60;
  const seconds = barSeconds(range.max - range.min, bucket);
  // a bar at an edge has buckets outside
  const [first, last] = bucketsIn(share, { min: range.min - seconds, max: range.max + seconds });
  const rows: { start: number; end: number; value: number; high: number }[] = [];
  const breaks = Float64Array.from(share.breaks);
  let at = first;
  while (at <= last) {
    const [part, bar] = placeOf(share.starts[at] as number, breaks, seconds);
    const [failed, asked, expected, spread] = [new Sum(), new Sum(), new Sum(), new Sum()];
    const from = at;
    let known = true;
    for (; at <= last; at += 1) {
      const [otherPart, otherBar] = placeOf(share.starts[at] as number, breaks, seconds);
      if (otherPart !== part || otherBar !== bar) break;
      const count = share.whole[at] as number;
      failed.add(share.part[at] as number);
      asked.add(count);
      if (!share.expected || !share.high || !Number.isFinite(count)) continue;
      const [mean, high] = [share.expected[at] as number, share.high[at] as number];
      known = known && Number.isFinite(mean);
      expected.add(mean);
      spread.add((high - mean) ** 2); // the counts of buckets vary independently
    }
    const whole = asked.value > 0 ? asked.value : NaN;
    rows.push({
      start: share.starts[from] as number,
      end: share.ends[at - 1] as number,
      value: (100 * failed.value) / whole,
      high: known ? (100 * (expected.value + Math.sqrt(spread.value))) / whole : NaN,
    });
  }
  // bars beyond the range may miss buckets
  const seen = rows.filter(({ start, end }) => end > range.min && start < range.max);
  const column = (name: keyof (typeof rows)[0]): Float64Array => Float64Array.from(seen, (row) => row[name]);
  const [starts, ends, highs] = [column("start"), column("end"), column("high")];
  const usual = share.high ? { starts, ends, highs, lows: highs.map((high) => high * 0) } : null;
  return { values: { starts, ends, values: column("value") }, usual, seconds };
}

/** The version and the bar of a bucket, by number. */
function placeOf(time: number, breaks: Float64Array, seconds: number): [part: number, bar: number] {
  const part = lastNotAbove(breaks, time);
  const anchor = part < 0 ? 0 : (breaks[part] as number);
  return [part, Math.floor((time - anchor) / seconds)];
}

/** Counts the bars of a pane anew for a range; returns whether there are any to count. */
export function countBars(pane: Pane, range: Range): boolean {
  const [series] = pane.series;
  if (!pane.share || !series) return false;
  const { values, usual, seconds } = barsIn(pane.share, range);
  Object.assign(series, values);
  if (usual) pane.usual = { name: pane.usual?.name ?? "usual", ...usual };
  pane.share.seconds = seconds;
  return true;
}
