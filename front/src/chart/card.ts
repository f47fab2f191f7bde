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

/** A row of the card, which stays while the cursor moves. */
interface Row {
  row: HTMLElement;
  name: HTMLElement;
  value: HTMLElement;
}

/** Sets what differs: each change of the page costs time. */
function set(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The card at the cursor; every text is set as text. */
export class Card {
  private readonly title = document.createElement("b");
  private readonly rows: Row[] = [];

  constructor(private readonly element: HTMLElement) {
    element.append(this.title);
  }

  /** Show the facts of a moment. */
  show({ title, rows }: Facts): void {
    set(this.title, title);
    rows.forEach((fact, at) => this.showRow(this.rows[at] ?? this.addRow(), fact));
    this.rows.slice(rows.length).forEach(({ row }) => (row.hidden = true));
  }

  private addRow(): Row {
    const [row, name, value] = [document.createElement("div"), document.createElement("span"), document.createElement("b")];
    row.append(name, value);
    this.element.append(row);
    const made = { row, name, value };
    this.rows.push(made);
    return made;
  }

  private showRow({ row, name, value }: Row, fact: Fact): void {
    if (row.hidden) row.hidden = false;
    set(name, fact.name);
    set(value, fact.value);
    const key = fact.color ? "createos-chart-key" : "";
    if (name.className !== key) name.className = key;
    if (name.dataset["color"] !== fact.color) {
      name.dataset["color"] = fact.color;
      name.style.setProperty("--ch-own", fact.color ? `var(--ch-${fact.color})` : "");
    }
    const short = fact.value.length <= SHORT ? "createos-chart-figure" : "";
    if (value.className !== short) value.className = short;
  }
}
