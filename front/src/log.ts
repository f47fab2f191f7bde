// Lines of a log: every text set as text; rows are kept by number, so that a refresh moves nothing that is being read.
// At its end it follows; once somebody has scrolled up it stays, and a button says how many lines have come.
import type { RenderProps } from "@anywidget/types";
import { button } from "./elements";

/** A piece of a line, and what it is: "" for text, "mark" for what was searched for, "level" for its level's word. */
export type Part = [text: string, kind: "" | "mark" | "level"];

export interface Line {
  /** Counted since the log was opened: the same line has the same number after a refresh. */
  n: number;
  /** "" for a line; "gap" where lines may be missing; "cut" where the log is cut. */
  kind: "" | "gap" | "cut";
  /** Time of day, UTC; "" where the line has none. */
  time: string;
  /** Date and time, to be read when asked for. */
  at: string;
  level: string;
  /** The sign and the word of its level, where the line does not say it. */
  before: string;
  parts: Part[];
}

interface Traits {
  lines: Line[];
  label: string;
}

/** Pixels from the end within which a reader is taken to be at the end. */
const NEAR = 8;

function span(className: string, text: string): HTMLElement {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

function row(line: Line): HTMLElement {
  const element = document.createElement("div");
  element.dataset.n = String(line.n);
  if (line.kind) {
    element.className = `createos-${line.kind}`;
    element.textContent = line.parts.map(([text]) => text).join("");
    return element;
  }
  element.className = line.level ? `createos-log-line createos-level-${line.level}` : "createos-log-line";
  const time = document.createElement("time");
  time.textContent = line.time;
  if (line.at) time.title = line.at;
  const text = span("createos-log-text", "");
  if (line.before) text.append(span("createos-level", line.before), " ");
  for (const [piece, kind] of line.parts) {
    if (kind === "mark") {
      const mark = document.createElement("mark");
      mark.textContent = piece;
      text.append(mark);
    } else text.append(kind === "level" ? span("createos-level", piece) : piece);
  }
  element.append(time, text);
  return element;
}

/** How many of the lines came after a number. */
export function newer(lines: readonly Line[], seen: number): number {
  return lines.filter(({ n, kind }) => !kind && n > seen).length;
}

function render({ model, el }: RenderProps<Traits>): () => void {
  const scroller = document.createElement("div");
  scroller.className = "createos-lines";
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "log");
  scroller.setAttribute("aria-live", "off");
  const toEnd = button("", "createos-button createos-log-new", () => {
    end();
    scroller.focus();
  });
  toEnd.hidden = true;
  el.classList.add("createos-log");
  el.append(scroller, toEnd);
  const rows = new Map<number, { element: HTMLElement; as: string }>();
  let seen = -1;
  let following = true;

  function end(): void {
    following = true;
    scroller.scrollTop = scroller.scrollHeight;
    told();
  }

  function told(): void {
    const lines = model.get("lines");
    if (following) seen = lines.reduce((last, { n }) => Math.max(last, n), -1);
    const count = newer(lines, seen);
    toEnd.hidden = following || count === 0;
    toEnd.textContent = toEnd.hidden ? "" : `${count} new ${count === 1 ? "line" : "lines"} ↓`;
  }

  function draw(): void {
    const lines = model.get("lines");
    scroller.setAttribute("aria-label", model.get("label"));
    const top = scroller.scrollTop;
    const first = [...scroller.children].find(
      (child) => (child as HTMLElement).offsetTop + (child as HTMLElement).offsetHeight > top,
    ) as HTMLElement | undefined;
    const offset = first ? first.offsetTop - top : 0;
    const wanted = new Set(lines.map(({ n }) => n));
    for (const [n, { element }] of rows) {
      if (wanted.has(n)) continue;
      element.remove();
      rows.delete(n);
    }
    let before: Element | null = null; // the row after which the next one stands
    for (const line of lines) {
      const as = JSON.stringify(line);
      const old = rows.get(line.n);
      let element = old?.element;
      if (!element || old?.as !== as) {
        element = row(line);
        old?.element.replaceWith(element);
        rows.set(line.n, { element, as });
      }
      const next: Element | null = before ? before.nextElementSibling : scroller.firstElementChild;
      if (next !== element) scroller.insertBefore(element, next);
      before = element;
    }
    if (following) scroller.scrollTop = scroller.scrollHeight;
    else if (first) {
      const still = scroller.contains(first) ? first : nearest(Number(first.dataset.n));
      if (still) scroller.scrollTop = still.offsetTop - offset;
    }
    told();
  }

  /** The row of a line, or of the first one after it, where it is shown no longer. */
  function nearest(n: number): HTMLElement | undefined {
    return ([...scroller.children] as HTMLElement[]).find((child) => Number(child.dataset.n) >= n);
  }

  function onScroll(): void {
    following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight <= NEAR;
    told();
  }

  function onKey(event: KeyboardEvent): void {
    if (event.key.toLowerCase() !== "n" || event.ctrlKey || event.metaKey || event.altKey) return;
    const marks = [...scroller.querySelectorAll("mark")];
    if (!marks.length) return;
    event.preventDefault();
    const current = marks.findIndex((mark) => mark.classList.contains("createos-current"));
    const step = event.shiftKey ? -1 : 1;
    const at = current < 0 ? (step > 0 ? 0 : marks.length - 1) : (current + step + marks.length) % marks.length;
    marks[current]?.classList.remove("createos-current");
    const mark = marks[at];
    if (!mark) return;
    mark.classList.add("createos-current");
    const line = mark.closest<HTMLElement>(".createos-log-line");
    if (line) scroller.scrollTop = line.offsetTop - scroller.clientHeight / 2;
    onScroll();
  }

  scroller.addEventListener("scroll", onScroll);
  scroller.addEventListener("keydown", onKey);
  model.on("change:lines", draw);
  model.on("change:label", draw);
  draw();
  // only now it has a height, and it gets another when the page does
  const resized = new ResizeObserver(() => {
    if (following) end();
  });
  resized.observe(scroller);
  return () => {
    resized.disconnect();
    model.off("change:lines", draw);
    model.off("change:label", draw);
  };
}

export default { render };
