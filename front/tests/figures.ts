// Charts to test with: their columns as the kernel sends them.
import { panesOf, type ChartSpec, type Pane } from "../src/chart/spec";

export const START = Date.UTC(2026, 2, 4, 13, 0) / 1000;

/** Requests by the minute over errors in bars of five minutes; NaN where nothing is known. */
export function figures(requests: number[], errors: number[], changes: Partial<ChartSpec> = {}): {
  spec: ChartSpec;
  panes: Pane[];
  columns: Float64Array;
} {
  const minutes = requests.map((_, at) => START + at * 60);
  const fives = errors.map((_, at) => START + at * 300);
  const parts = [minutes, minutes.map((time) => time + 60), requests, fives, fives.map((time) => time + 300), errors];
  const firsts = parts.map((_, at) => parts.slice(0, at).reduce((sum, part) => sum + part.length, 0));
  const place = (at: number): [number, number] => [firsts[at] as number, (parts[at] as number[]).length];
  const spec: ChartSpec = {
    label: "Server errors rise at 13:05.",
    group: "",
    start: START,
    end: START + requests.length * 60,
    panes: [
      {
        title: "Requests per minute",
        unit: "",
        kind: "line",
        height: 96,
        limit: null,
        series: [{ name: "requests", color: "series", x: place(0), ends: place(1), y: place(2) }],
      },
      {
        title: "Server errors, %",
        unit: "%",
        kind: "bars",
        height: 60,
        limit: { value: 0.5, label: "SLO 0.5 %" },
        series: [{ name: "server errors", color: "error", x: place(3), ends: place(4), y: place(5) }],
      },
    ],
    marks: [],
    bands: [],
    ...changes,
  };
  const columns = Float64Array.from(parts.flat());
  return { spec, panes: panesOf(spec, columns), columns };
}

/** Requests and errors by the minute, and bars of the share of errors that are counted from them. */
export function shares(
  requests: number[],
  errors: number[],
  { breaks = [], seconds = 300, usual = false }: { breaks?: number[]; seconds?: number; usual?: boolean } = {},
): { spec: ChartSpec; panes: Pane[]; columns: Float64Array } {
  const minutes = requests.map((_, at) => START + at * 60);
  const ends = minutes.map((time) => time + 60);
  const [expected, high] = [requests.map((count) => count * 0.01), requests.map((count) => count * 0.05)];
  const [low, most] = [requests.map(() => 40), requests.map(() => 120)];
  const parts = [minutes, ends, requests, errors, expected, high, low, most];
  const firsts = parts.map((_, at) => parts.slice(0, at).reduce((sum, part) => sum + part.length, 0));
  const place = (at: number): [number, number] => [firsts[at] as number, (parts[at] as number[]).length];
  const range = usual ? { name: "usual", x: place(0), ends: place(1), low: place(6), high: place(7) } : null;
  const { spec } = figures(requests, []);
  const [line, bars] = spec.panes as [ChartSpec["panes"][0], ChartSpec["panes"][0]];
  line.series = [{ name: "requests", color: "series", x: place(0), ends: place(1), y: place(2) }];
  line.usual = range;
  bars.series = [{ name: "server errors", color: "error", x: place(0), ends: place(1), y: place(3) }];
  bars.share = {
    seconds, breaks, x: place(0), ends: place(1), part: place(3), whole: place(2),
    expected: usual ? place(4) : null, high: usual ? place(5) : null,
  };
  const columns = Float64Array.from(parts.flat());
  return { spec, panes: panesOf(spec, columns), columns };
}
