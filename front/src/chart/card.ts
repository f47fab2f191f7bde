// What is known of a moment: rows for the card at the cursor, and one sentence for screen readers.
import { clock, format, formatRange, moment, type Zone } from "./scales";
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

/** Pixels of a letter, and of what stands around the two columns; letters that a value has at least. */
const LETTER = 6.2;
const PADDING = 44;
const USUAL = 8;
/** Letters of a value that stays on one line. */
const SHORT = 14;
/** Seconds in a day: a chart that is longer names days. */
const DAY = 86_400;

/** Buckets that are longer than those of the first series say from when to when they are. */
function nameOf(series: Series, at: number, bucket: number, zone: Zone): string {
  const [start, end] = [series.starts[at] as number, series.ends[at] as number];
  return end - start > bucket * 1.5 ? `${series.name}, ${clock(start, zone)}–${clock(end, zone)}` : series.name;
}

/** The facts of a moment; `near` is how far away a mark may be to be among them, in seconds. */
export function factsAt(spec: ChartSpec, panes: Pane[], time: number, zone: Zone, near: number): Facts {
  const first = panes[0]?.series[0];
  const own = first ? bucketAt(first, time) : -1;
  const start = first && own >= 0 ? (first.starts[own] as number) : time;
  const bucket = first && own >= 0 ? (first.ends[own] as number) - start : 60;
  const rows: Fact[] = [];
  for (const pane of panes) {
    for (const series of pane.series) {
      const at = bucketAt(series, time);
      const value = at < 0 ? NaN : (series.values[at] as number);
      const name = at < 0 ? series.name : nameOf(series, at, bucket, zone);
      rows.push({ name, value: format(value, pane.unit), color: series.color });
    }
    const { usual } = pane;
    const at = usual ? bucketAt(usual, time) : -1;
    if (usual && at >= 0)
      rows.push({
        name: usual.name,
        value: formatRange(usual.lows[at] as number, usual.highs[at] as number, pane.unit),
        color: "range",
      });
  }
  const band = spec.bands.find((each) => each.label && each.start <= time && time < each.end);
  if (band) rows.push({ name: "live", value: band.label, color: "" });
  for (const mark of spec.marks) {
    const lasting = mark.until !== null && mark.time <= time && time < mark.until;
    if (mark.label && (lasting || Math.abs(mark.time - time) <= near))
      rows.push({ name: `${lasting ? "since " : ""}${clock(mark.time - (mark.time % 60), zone)}`, value: mark.label, color: "" });
  }
  return { title: moment(start, zone, spec.end - spec.start > DAY), rows };
}

/** The same as one sentence. */
export function sentence({ title, rows }: Facts): string {
  return `${title}: ${rows.map(({ name, value }) => `${name} ${value}`).join(", ")}`;
}

/** A text of the page; only what differs is set, for each change costs time. */
class Label {
  private readonly text = document.createTextNode("");

  constructor(readonly element: HTMLElement) {
    element.append(this.text);
  }

  set(text: string): void {
    if (this.text.data !== text) this.text.data = text;
  }
}

/** A row of the card, which stays while the cursor moves. */
interface Row {
  row: HTMLElement;
  name: Label;
  value: Label;
}

/** The card at the cursor; every text is set as text. */
export class Card {
  private readonly title = new Label(document.createElement("b"));
  private readonly rows: Row[] = [];
  /** Pixels that it takes where there is room for it. */
  width = 0;

  constructor(private readonly element: HTMLElement) {
    element.append(this.title.element);
  }

  /** Show the facts of a moment. */
  show({ title, rows }: Facts): void {
    this.title.set(title);
    rows.forEach((fact, at) => this.showRow(this.rows[at] ?? this.addRow(), fact));
    this.rows.slice(rows.length).forEach(({ row }) => (row.hidden = true));
    // a width that is known spares the browser to find it out from all texts at each move
    const letters = Math.max(...rows.map(({ name, value }) => name.length + Math.max(value.length, USUAL)), 0);
    const width = letters * LETTER + PADDING;
    if (width !== this.width) this.element.style.width = `${(this.width = width)}px`;
  }

  private addRow(): Row {
    const row = document.createElement("div");
    const [name, value] = [new Label(document.createElement("span")), new Label(document.createElement("b"))];
    row.append(name.element, value.element);
    this.element.append(row);
    const made = { row, name, value };
    this.rows.push(made);
    return made;
  }

  private showRow({ row, name, value }: Row, fact: Fact): void {
    if (row.hidden) row.hidden = false;
    name.set(fact.name);
    value.set(fact.value);
    const key = name.element;
    if (key.dataset["color"] !== fact.color) {
      key.dataset["color"] = fact.color;
      key.className = fact.color ? "createos-chart-key" : "";
      key.style.setProperty("--ch-own", fact.color ? `var(--ch-${fact.color})` : "");
    }
    const short = fact.value.length <= SHORT ? "createos-chart-figure" : "";
    if (value.element.className !== short) value.element.className = short;
  }
}

/** Pixels between the card and the cursor, and the part of a plot that a card takes at most. */
const GAP = 12;
const MOST = 0.6;

/** Where a card begins, in pixels: beside the cursor on the side where there is more room, and never outside. */
export function besides(cursor: number, card: number, plot: number): number {
  const width = Math.min(card, plot * MOST);
  return cursor > plot / 2 ? Math.max(cursor - GAP - width, 0) : Math.min(cursor + GAP, plot - width);
}
