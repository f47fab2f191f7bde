// The same figures as a table, for who can't see the chart, or wants to copy from it.
import { format, formatRange, moment, type Zone } from "./scales";
import { bucketsIn, type ChartSpec, type Pane, type Range, type Series, type Usual } from "./spec";

/** Rows at most: what is longer is put together, each row with the highest value of its stretch. */
export const MOST_ROWS = 60;

export interface Table {
  heads: string[];
  rows: string[][];
  note: string;
}

/** The highest known value of a stretch, NaN where nothing is known. */
function highestIn(series: Series, range: Range): number {
  const [first, last] = bucketsIn(series, range);
  let found = NaN;
  for (let at = first; at <= last; at += 1) {
    const value = series.values[at] as number;
    if (!(value <= found)) found = Number.isFinite(value) ? value : found;
  }
  return found;
}

/** The usual range of a stretch, from its lowest to its highest end. */
function usualIn(usual: Usual, range: Range, unit: string): string {
  const [first, last] = bucketsIn(usual, range);
  const [lows, highs] = [usual.lows, usual.highs].map((ends) => ends.subarray(first, last + 1).filter(Number.isFinite));
  return lows?.length && highs?.length ? formatRange(Math.min(...lows), Math.max(...highs), unit) : "not known";
}

/** The figures of a range. */
export function tableOf(spec: ChartSpec, panes: Pane[], view: Range, zone: Zone): Table {
  const all = panes.flatMap((pane) => pane.series.map((series) => ({ pane, series })));
  const usual = panes.flatMap((pane) => (pane.usual ? [{ pane, range: pane.usual }] : []));
  const heads = [
    "time",
    ...all.map(({ series }) => series.name),
    ...usual.map(({ pane, range }) => `${range.name} ${pane.series[0]?.name ?? ""}`.trim()),
    ...(spec.bands.length ? ["live"] : []),
  ];
  const first = all[0]?.series;
  if (!first) return { heads, rows: [], note: "" };
  const [from, to] = bucketsIn(first, view);
  const every = Math.max(1, Math.ceil((to - from + 1) / MOST_ROWS));
  const rows: string[][] = [];
  for (let at = from; at <= to; at += every) {
    const min = first.starts[at] as number;
    const max = first.ends[Math.min(at + every - 1, to)] as number;
    const band = spec.bands.find(({ label, start, end }) => label && start <= min && min < end);
    rows.push([
      moment(min, zone, spec.end - spec.start > 86_400),
      ...all.map(({ pane, series }) => format(highestIn(series, { min, max }), pane.unit)),
      ...usual.map(({ pane, range }) => usualIn(range, { min, max }, pane.unit)),
      ...(spec.bands.length ? [band?.label ?? ""] : []),
    ]);
  }
  const note = every > 1 ? `Each row has the highest values of ${every} points; zoom in for fewer.` : "";
  return { heads, rows, note };
}

/** Writes the table into an element. */
export function fillTable(into: HTMLElement, { heads, rows, note }: Table, caption: string): void {
  const table = document.createElement("table");
  const title = document.createElement("p");
  title.textContent = note ? `${caption} ${note}` : caption;
  const head = table.createTHead().insertRow();
  for (const text of heads) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = text;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const cells of rows) {
    const row = body.insertRow();
    cells.forEach((text, at) => {
      const cell = document.createElement(at ? "td" : "th");
      if (cell instanceof HTMLTableCellElement && !at) cell.scope = "row";
      cell.textContent = text;
      row.append(cell);
    });
  }
  into.replaceChildren(title, table);
}
