// Bands and marks: elements behind and before the panes, so that the style sheet colours them.
import { PAD_RIGHT } from "./layout";
import type { BandSpec, ChartSpec, MarkSpec, Range } from "./spec";

/** Pixels that a letter of a label takes, about; labels that would lie on each other are left out. */
const LETTER = 6.4;
const PADDING = 8;

function element(className: string, into: HTMLElement): HTMLElement {
  const made = document.createElement("div");
  made.className = className;
  into.append(made);
  return made;
}

const lengthOf = (text: string): number => text.length * LETTER + PADDING;

/** The stretch of a band that is seen, in parts of the width; null where none is. */
export function stretch(band: { start: number; end: number }, { min, max }: Range): [from: number, to: number] | null {
  const from = Math.max((band.start - min) / (max - min), 0);
  const to = Math.min((band.end - min) / (max - min), 1);
  return to > from ? [from, to] : null;
}

/** Draws the bands of a range into one layer, and the marks into another, with their labels in the lane above. */
export function drawBackdrop(
  layers: { bands: HTMLElement; marks: HTMLElement },
  spec: ChartSpec,
  view: Range,
  width: number,
): void {
  layers.bands.replaceChildren();
  layers.marks.replaceChildren();
  /** Where labels end so far: the next begins after it. */
  let taken = 0;
  const label = (text: string, note: string, at: number, room: number): void => {
    if (!text || at < taken || lengthOf(text) > room) return;
    const made = element("createos-chart-label", layers.marks);
    made.style.left = `${at}px`;
    const name = document.createElement("b");
    name.textContent = text;
    made.append(name);
    const both = lengthOf(text) + lengthOf(note);
    if (note && both <= room) made.append(` ${note}`);
    taken = at + (note && both <= room ? both : lengthOf(text));
  };
  const things: { at: number; draw: () => void }[] = [];
  spec.bands.forEach((band: BandSpec, number) => {
    const seen = stretch(band, view);
    if (!seen) return;
    const [left, right] = [seen[0] * width, seen[1] * width];
    const toned = (spec.bands.length - 1 - number) % 2 === 0;
    const made = element(
      `createos-chart-band${band.chosen ? " createos-chart-chosen" : toned ? " createos-chart-toned" : ""}`,
      layers.bands,
    );
    made.style.left = `${left}px`;
    made.style.width = `${right - left}px`;
    const beyond = right >= width ? PAD_RIGHT : 0; // the last name may reach over the edge
    things.push({ at: left, draw: () => label(band.label, band.note, left + 6, right - left - 6 + beyond) });
  });
  spec.marks.forEach((mark: MarkSpec) => {
    const at = ((mark.time - view.min) / (view.max - view.min)) * width;
    const seen = mark.until === null ? null : stretch({ start: mark.time, end: mark.until }, view);
    if (seen) {
      const strip = element(`createos-chart-span createos-chart-${mark.kind}`, layers.marks);
      strip.style.left = `${seen[0] * width}px`;
      strip.style.width = `${(seen[1] - seen[0]) * width}px`;
    }
    if (at < 0 || at > width) return;
    // an incident that began with a deployment has its line
    const together = mark.until !== null && spec.marks.some((other) => other.until === null && other.time === mark.time);
    things.push({ at, draw: () => label(mark.label, "", at + 6, width - at - 6) });
    if (together) return;
    const made = element(`createos-chart-mark createos-chart-${mark.kind}`, layers.marks);
    made.style.left = `${at}px`;
  });
  for (const { draw } of things.sort((a, b) => a.at - b.at)) draw();
}
