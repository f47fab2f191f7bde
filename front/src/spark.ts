// A small line without axes, for a cell of a table.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 96;
const HEIGHT = 18;

export interface SparkOptions {
  /** A level of another time, drawn as a line across; null where it is not known. */
  before?: number | null;
  /** What stands behind numbers, for screen readers. */
  unit?: string;
  /** Whether the room below the line is coloured. */
  filled?: boolean;
}

function path(d: string, className: string): SVGPathElement {
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", d);
  if (className) line.setAttribute("class", className);
  return line;
}

/**
 * Draws numbers as a line from zero; a gap (null) stays a gap, and a number alone between gaps is a dot. Screen readers
 * get the range and the last number.
 */
export function spark(values: readonly (number | null)[], options: SparkOptions = {}): SVGSVGElement {
  const { before = null, unit = "", filled = false } = options;
  const svg = document.createElementNS(SVG, "svg");
  const known = values.filter((value) => value !== null);
  const maximum = Math.max(...known, before ?? 0, 0) || 1;
  svg.setAttribute("class", "createos-sparkline");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("width", String(WIDTH));
  svg.setAttribute("height", String(HEIGHT));
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  const last = known[known.length - 1];
  const range = `from ${Math.min(...known)}${unit} to ${Math.max(...known)}${unit}, last ${last}${unit}`;
  const against = before === null ? "" : `; before, ${before}${unit}`;
  svg.setAttribute("aria-label", known.length ? `${range}${against}` : "no data");
  const y = (value: number): string => (HEIGHT - 2 - (value / maximum) * (HEIGHT - 4)).toFixed(1);
  const x = (at: number): string =>
    (values.length > 1 ? (at * (WIDTH - 2)) / (values.length - 1) + 1 : WIDTH / 2).toFixed(1);
  let line = "";
  let area = "";
  let begin = -1;
  values.forEach((value, at) => {
    if (value === null) return;
    if (begin < 0) begin = at;
    line += `${at === begin ? "M" : "L"}${x(at)} ${y(value)}`;
    const ends = values[at + 1] === undefined || values[at + 1] === null;
    if (!ends) return;
    if (at === begin) line += "h0.1";
    const run = values.slice(begin, at + 1).map((one, index) => `L${x(begin + index)} ${y(one ?? 0)}`);
    area += `M${x(begin)} ${y(0)}${run.join("")}L${x(at)} ${y(0)}z`;
    begin = -1;
  });
  if (filled && area) svg.append(path(area, "createos-spark-area"));
  if (before !== null && known.length) svg.append(path(`M1 ${y(before)}H${WIDTH - 1}`, "createos-spark-before"));
  svg.append(path(line, "createos-spark-line"));
  return svg;
}
