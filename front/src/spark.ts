// A small line without axes, for a cell of a table.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 96;
const HEIGHT = 18;

/** Draws numbers as a line from zero; a gap (null) stays a gap. Screen readers get the range and the last number. */
export function spark(values: readonly (number | null)[]): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const known = values.filter((value) => value !== null);
  const maximum = Math.max(...known, 0) || 1;
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("width", String(WIDTH));
  svg.setAttribute("height", String(HEIGHT));
  svg.setAttribute("role", "img");
  svg.setAttribute(
    "aria-label",
    known.length ? `from ${Math.min(...known)} to ${Math.max(...known)}, last ${known[known.length - 1]}` : "no data",
  );
  let path = "";
  let pen = "M";
  values.forEach((value, at) => {
    if (value === null) {
      pen = "M";
      return;
    }
    const x = values.length > 1 ? (at * (WIDTH - 2)) / (values.length - 1) + 1 : WIDTH / 2;
    path += `${pen}${x.toFixed(1)} ${(HEIGHT - 2 - (value / maximum) * (HEIGHT - 4)).toFixed(1)}`;
    pen = "L";
  });
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
