// What is known of a moment: rows for the card at the cursor, and one sentence for screen readers.
import { clock, format, moment, type Zone } from "./scales";
import { bucketAt, type ChartSpec, type Pane, type Series } from "./spec";

export interface Fact {
  name: string;
  value: string;
  color: string;
}

export interface Facts {
  title: string;
  rows: Fact[];
}

/** Letters of a value that stays on one line. */
const SHORT = 14;
/** Seconds in a day: a chart that is longer names days. */
const DAY = 86_400;

/** Buckets that are longer than those of the first series say from when to when they are. */
function nameOf(series: Series, at: number, usual: number, zone: Zone): string {
  const [start, end] = [series.starts[at] as number, series.ends[at] as number];
  return end - start > usual * 1.5 ? `${series.name}, ${clock(start, zone)}–${clock(end, zone)}` : series.name;
}

/** The facts of a moment; `near` is how far away a mark may be to be among them, in seconds. */
export function factsAt(spec: ChartSpec, panes: Pane[], time: number, zone: Zone, near: number): Facts {
  const first = panes[0]?.series[0];
  const own = first ? bucketAt(first, time) : -1;
  const start = first && own >= 0 ? (first.starts[own] as number) : time;
  const usual = first && own >= 0 ? (first.ends[own] as number) - start : 60;
  const rows: Fact[] = [];
  for (const pane of panes) {
    for (const series of pane.series) {
      const at = bucketAt(series, time);
      const value = at < 0 ? NaN : (series.values[at] as number);
      const name = at < 0 ? series.name : nameOf(series, at, usual, zone);
      rows.push({ name, value: format(value, pane.unit), color: series.color });
    }
  }
  const band = spec.bands.find((each) => each.label && each.start <= time && time < each.end);
  if (band) rows.push({ name: "live", value: band.label, color: "" });
  for (const mark of spec.marks) {
    const lasting = mark.until !== null && mark.time <= time && time < mark.until;
    if (mark.label && (lasting || Math.abs(mark.time - time) <= near))
      rows.push({ name: `${lasting ? "since " : ""}${clock(mark.time, zone)}`, value: mark.label, color: "" });
  }
  return { title: moment(start, zone, spec.end - spec.start > DAY), rows };
}

/** The same as one sentence. */
export function sentence({ title, rows }: Facts): string {
  return `${title}: ${rows.map(({ name, value }) => `${name} ${value}`).join(", ")}`;
}

/** Fills the card; every text is set as text. */
export function fillCard(card: HTMLElement, { title, rows }: Facts): void {
  const head = document.createElement("b");
  head.textContent = title;
  const list = rows.map(({ name, value, color }) => {
    const row = document.createElement("div");
    const label = document.createElement("span");
    if (color) label.style.setProperty("--ch-own", `var(--ch-${color})`);
    label.className = color ? "createos-chart-key" : "";
    label.textContent = name;
    const figure = document.createElement("b");
    figure.textContent = value;
    if (value.length <= SHORT) figure.className = "createos-chart-figure";
    row.append(label, figure);
    return row;
  });
  card.replaceChildren(head, ...list);
}
