// The pointer and the keyboard on a chart, as what they ask for.

export interface Asked {
  /** A part of the width, from 0 to 1; null: nowhere. */
  point(part: number | null): void;
  /** A stretch was dragged, in parts of the width. */
  select(from: number, to: number): void;
  /** A stretch is being dragged; null: no more. */
  dragging(stretch: [from: number, to: number] | null): void;
  /** So many points on. */
  step(points: number): void;
  /** To the first or the last point. */
  end(last: boolean): void;
  zoom(factor: number): void;
  /** So many widths on. */
  pan(widths: number): void;
  reset(): void;
}

/** Pixels that a drag has at least: less is a click. */
const LEAST_DRAG = 5;
/** Milliseconds for which a place on the page is taken to be the same. */
const FRESH = 250;
const KEYS: Record<string, (asked: Asked, event: KeyboardEvent) => void> = {
  ArrowLeft: (asked, { shiftKey }) => asked.step(shiftKey ? -10 : -1),
  ArrowRight: (asked, { shiftKey }) => asked.step(shiftKey ? 10 : 1),
  Home: (asked) => asked.end(false),
  End: (asked) => asked.end(true),
  PageUp: (asked) => asked.pan(-0.5),
  PageDown: (asked) => asked.pan(0.5),
  "+": (asked) => asked.zoom(0.5),
  "=": (asked) => asked.zoom(0.5),
  "-": (asked) => asked.zoom(2),
  "0": (asked) => asked.reset(),
  Escape: (asked) => asked.reset(),
};

/** Listens on `plot`, which has the focus, and `area`, where the time runs; all of it ends with `plot`. */
export function listen(plot: HTMLElement, area: HTMLElement, asked: Asked): void {
  let from: number | null = null;
  let box: DOMRect | null = null;
  let measured = 0;
  const part = (event: PointerEvent): number => {
    // to ask where the area is makes the browser lay out the page: not at each move, but after the page was scrolled
    if (!box || event.timeStamp - measured > FRESH) {
      box = area.getBoundingClientRect();
      measured = event.timeStamp;
    }
    return Math.min(Math.max((event.clientX - box.left) / (box.width || 1), 0), 1);
  };
  const width = (): number => box?.width ?? 1;

  area.addEventListener("pointermove", (event) => {
    const at = part(event);
    asked.point(at);
    if (from !== null && Math.abs(at - from) * width() >= LEAST_DRAG) asked.dragging([Math.min(from, at), Math.max(from, at)]);
  });
  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    box = null;
    asked.point(part(event));
    if (event.pointerType === "touch") return; // a finger moves the cursor, and scrolls the page
    from = part(event);
    area.setPointerCapture?.(event.pointerId);
  });
  area.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const [a, b] = [Math.min(from, part(event)), Math.max(from, part(event))];
    const dragged = (b - a) * width() >= LEAST_DRAG;
    from = null;
    asked.dragging(null);
    if (dragged) asked.select(a, b);
  });
  area.addEventListener("pointercancel", () => {
    from = null;
    asked.dragging(null);
  });
  area.addEventListener("pointerleave", () => {
    if (from === null) asked.point(null);
  });
  area.addEventListener("dblclick", () => asked.reset());
  plot.addEventListener("keydown", (event) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key];
    event.stopPropagation(); // in JupyterLab keys are commands of the notebook
    if (!act) return;
    event.preventDefault();
    act(asked, event);
  });
  plot.addEventListener("blur", () => asked.point(null));
}
