// A chart of time series: several panes over one axis of time, drawn by uPlot, with what belongs to a moment beside the
// cursor, in the colours of the page, by pointer and by keyboard.
import type { RenderProps } from "@anywidget/types";
import type uPlot from "uplot";
import { drawBackdrop } from "./chart/backdrop";
import { countBars } from "./chart/bars";
import { besides, Card, factsAt, sentence } from "./chart/card";
import { join } from "./chart/group";
import { listen } from "./chart/input";
import { AXIS_HEIGHT, AXIS_WIDTH, PAD_RIGHT, PAD_TOP } from "./chart/layout";
import { aligned, drawPane, titleOf, type Shared } from "./chart/pane";
import type { Zone } from "./chart/scales";
import { bucketAt, lastNotAbove, numbers, panesOf, type ChartSpec, type Pane, type Range } from "./chart/spec";
import { fillTable, tableOf } from "./chart/table";
import { isDark, palette, watchTheme } from "./chart/theme";
import { following, scaled, within } from "./chart/zoom";
import { button, uniqueId } from "./elements";

interface Traits {
  spec: ChartSpec;
  columns: DataView;
}

/** Fewer points than so many can't be zoomed into. */
const LEAST_POINTS = 4;
/** Pixels within which the cursor is at a mark. */
const NEAR = 6;
const LEAST_WIDTH = 160;

function box(className: string, into: HTMLElement): HTMLElement {
  const made = document.createElement("div");
  made.className = className;
  into.append(made);
  return made;
}

/** What moves with the cursor: plain, so that the colours of what is in it are not worked out again at each move. */
function mover(inner: string, into: HTMLElement): HTMLElement {
  const made = box("createos-chart-mover", into);
  box(inner, made);
  made.hidden = true;
  return made;
}

/** One chart on the page. */
class Chart {
  private readonly plot: HTMLElement;
  private readonly bands: HTMLElement;
  private readonly stack: HTMLElement;
  private readonly area: HTMLElement;
  private readonly marks: HTMLElement;
  private readonly line: HTMLElement;
  private readonly selection: HTMLElement;
  private readonly card: HTMLElement;
  private readonly facts: Card;
  private readonly said: HTMLElement;
  private readonly zoneButton: HTMLButtonElement;
  private readonly resetButton: HTMLButtonElement;
  private readonly tableButton: HTMLButtonElement;
  private readonly tableBox: HTMLElement;
  private readonly shared: Shared;
  private spec!: ChartSpec;
  private panes: Pane[] = [];
  private plots: uPlot[] = [];
  private titles: HTMLElement[] = [];
  /** Where the drawing of each pane begins, in pixels from the top; asking the page at each move would be slow. */
  private tops: number[] = [];
  private dots: HTMLElement[] = [];
  private zoomed: Range | null = null;
  private time: number | null = null;
  private width = 0;
  private group = join("", this);

  constructor(private readonly el: HTMLElement) {
    el.classList.add("createos-chart");
    this.plot = box("createos-chart-plot", el);
    this.plot.tabIndex = 0;
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("data-lm-suppress-shortcuts", "true");
    this.bands = box("createos-chart-bands", this.plot);
    this.stack = box("createos-chart-panes", this.plot);
    this.area = box("createos-chart-area", this.plot);
    this.marks = box("createos-chart-marks", this.area);
    this.selection = box("createos-chart-selection", this.area);
    this.selection.hidden = true;
    this.line = mover("createos-chart-cursor", this.area);
    this.card = mover("createos-chart-card", this.plot);
    this.facts = new Card(this.card.firstElementChild as HTMLElement);
    for (const one of [this.bands, this.area]) {
      one.style.left = `${AXIS_WIDTH}px`;
      one.style.right = `${PAD_RIGHT}px`;
      one.style.bottom = `${AXIS_HEIGHT}px`;
    }
    const tools = box("createos-chart-tools", el);
    this.said = box("createos-chart-said", tools);
    this.said.setAttribute("role", "status");
    const help = box("createos-chart-help", tools);
    help.id = uniqueId("chart-help");
    help.textContent = "Arrow keys move the cursor, + and − zoom, 0 shows everything.";
    this.plot.setAttribute("aria-describedby", help.id);
    this.resetButton = button("Show everything", "createos-chart-button", () => this.ask(null));
    this.zoneButton = button("", "createos-chart-button", () => this.askZone());
    this.tableButton = button("Table", "createos-chart-button", () => this.toggleTable());
    this.tableButton.setAttribute("aria-expanded", "false");
    tools.append(this.resetButton, this.zoneButton, this.tableButton);
    this.tableBox = box("createos-chart-table", el);
    this.tableBox.hidden = true;
    this.tableBox.tabIndex = 0; // so that the keyboard can scroll it
    this.tableBox.setAttribute("role", "region");
    this.shared = { view: { min: 0, max: 1 }, zone: "UTC", palette: {}, font: "sans-serif" };
    this.listen();
  }

  private listen(): void {
    listen(this.plot, this.area, {
      point: (part) => this.pointAll(part === null ? null : this.timeAt(part)),
      select: (from, to) => this.ask({ min: this.timeAt(from), max: this.timeAt(to) }),
      dragging: (stretch) => {
        this.selection.hidden = stretch === null;
        if (!stretch) return;
        this.selection.style.left = `${stretch[0] * 100}%`;
        this.selection.style.width = `${(stretch[1] - stretch[0]) * 100}%`;
      },
      step: (points) => this.step(points),
      end: (last) => this.step(last ? Infinity : -Infinity),
      zoom: (factor) => this.ask(scaled(this.shared.view, factor, this.time ?? this.middle())),
      pan: (widths) => {
        const { min, max } = this.shared.view;
        this.ask({ min: min + (max - min) * widths, max: max + (max - min) * widths });
      },
      reset: () => this.ask(null),
    });
  }

  /** Take what the kernel has sent; a zoom stays where its range is still there. */
  show(spec: ChartSpec, all: Float64Array): void {
    this.spec = { ...spec, marks: spec.marks ?? [], bands: spec.bands ?? [] };
    this.panes = panesOf(this.spec, all);
    this.group.leave();
    this.group = join(this.spec.group ?? "", this);
    this.plot.setAttribute("aria-label", this.spec.label ?? "");
    this.tableBox.setAttribute("aria-label", "The figures of the chart");
    if (this.zoomed) this.zoomed = within(this.zoomed, this.whole(), this.least());
    this.build();
  }

  /** Follow the width of the cell. */
  resize(): void {
    const width = Math.max(Math.floor(this.el.clientWidth), LEAST_WIDTH);
    if (width === this.width) return;
    this.width = width;
    if (this.plots.length !== this.panes.length) return this.build();
    for (const plot of this.plots) plot.setSize({ width, height: plot.height });
    this.redraw();
  }

  /** Take the colours of the page. */
  recolor(): void {
    this.el.dataset["theme"] = isDark(this.el) ? "dark" : "light";
    const before = JSON.stringify(this.shared.palette);
    this.shared.palette = palette(this.el);
    this.shared.font = getComputedStyle(this.el).fontFamily || "sans-serif";
    if (JSON.stringify(this.shared.palette) !== before) for (const plot of this.plots) plot.redraw(false);
  }

  end(): void {
    this.group.leave();
    for (const plot of this.plots) plot.destroy();
    this.plots = [];
  }

  private build(): void {
    for (const plot of this.plots) plot.destroy();
    this.plots = [];
    this.stack.replaceChildren();
    for (const dot of this.dots) dot.remove();
    this.dots = [];
    if (!this.spec || !this.width) return;
    if (!this.shared.font || !this.shared.palette["series"]) this.recolor();
    this.shared.view = this.zoomed ?? this.whole();
    const labelled = this.spec.bands.some((band) => band.label) || this.spec.marks.some((mark) => mark.label);
    this.plot.classList.toggle("createos-chart-labelled", labelled);
    this.titles = [];
    this.panes.forEach((pane, at) => {
      countBars(pane, this.shared.view);
      const title = box("createos-chart-title", this.stack);
      title.textContent = titleOf(pane);
      this.titles.push(title);
      const into = box("createos-chart-pane", this.stack);
      this.plots.push(drawPane(into, pane, this.shared, this.width, at === this.panes.length - 1));
      if (pane.kind === "line")
        for (const series of pane.series) {
          const dot = mover("createos-chart-dot", this.area);
          dot.style.setProperty("--ch-own", `var(--ch-${series.color})`);
          this.dots.push(dot);
        }
    });
    this.tops = this.plots.map((plot) => plot.root.offsetTop + PAD_TOP);
    this.redraw();
  }

  /** Draw what depends on the range, the width and the zone. */
  private redraw(): void {
    drawBackdrop({ bands: this.bands, marks: this.marks }, this.spec, this.shared.view, this.inner());
    this.resetButton.hidden = this.zoomed === null;
    this.zoneButton.textContent = this.shared.zone === "UTC" ? "Times in UTC" : "Local times";
    this.zoneButton.title = this.shared.zone === "UTC" ? "Show local times" : "Show times in UTC";
    this.fillTable();
    this.point(this.time);
  }

  private toggleTable(): void {
    this.tableBox.hidden = !this.tableBox.hidden;
    this.tableButton.setAttribute("aria-expanded", String(!this.tableBox.hidden));
    this.fillTable();
  }

  private fillTable(): void {
    if (!this.tableBox.hidden && this.spec)
      fillTable(this.tableBox, tableOf(this.spec, this.panes, this.shared.view, this.shared.zone), this.spec.label);
  }

  // --- time and place

  private whole(): Range {
    return { min: this.spec.start, max: Math.max(this.spec.end, this.spec.start + 1) };
  }

  private inner(): number {
    return Math.max(this.width - AXIS_WIDTH - PAD_RIGHT, 1);
  }

  private timeAt(part: number): number {
    const { min, max } = this.shared.view;
    return min + part * (max - min);
  }

  private middle(): number {
    return (this.shared.view.min + this.shared.view.max) / 2;
  }

  private least(): number {
    const first = this.panes[0]?.series[0];
    if (!first || !first.starts.length) return 1;
    return ((first.ends[0] as number) - (first.starts[0] as number)) * LEAST_POINTS;
  }

  // --- the cursor

  private pointAll(time: number | null): void {
    this.point(time);
    this.group.others((member) => member.point(time));
  }

  /** Show what is known of a moment. */
  point(time: number | null): void {
    this.time = time;
    const { min, max } = this.shared.view;
    const shown = time !== null && time >= min && time <= max && this.plots.length > 0;
    for (const one of [this.line, this.card]) if (one.hidden === shown) one.hidden = !shown;
    if (!shown) {
      for (const dot of this.dots) dot.hidden = true;
      return;
    }
    const width = this.inner();
    const first = this.panes[0]?.series[0];
    const own = first ? bucketAt(first, time) : -1;
    const middle = first && own >= 0 ? ((first.starts[own] as number) + (first.ends[own] as number)) / 2 : time;
    const at = ((middle - min) / (max - min)) * width;
    this.line.style.transform = `translateX(${at.toFixed(1)}px)`;
    this.placeDots(time, min, max, width);
    this.facts.show(factsAt(this.spec, this.panes, time, this.shared.zone, ((max - min) / width) * NEAR));
    const shift = besides(AXIS_WIDTH + at, this.facts.width, this.width);
    this.card.style.transform = `translateX(${shift.toFixed(1)}px)`;
  }

  private placeDots(time: number, min: number, max: number, width: number): void {
    let number = 0;
    this.panes.forEach((pane, at) => {
      if (pane.kind !== "line") return;
      for (const series of pane.series) {
        const dot = this.dots[number] as HTMLElement;
        number += 1;
        const bucket = bucketAt(series, time);
        const value = bucket < 0 ? NaN : (series.values[bucket] as number);
        dot.hidden = !Number.isFinite(value);
        if (dot.hidden) continue;
        const plot = this.plots[at] as uPlot;
        const middle = ((series.starts[bucket] as number) + (series.ends[bucket] as number)) / 2;
        const y = (this.tops[at] as number) + plot.valToPos(value, "y");
        dot.style.transform = `translate(${(((middle - min) / (max - min)) * width).toFixed(1)}px, ${y.toFixed(1)}px)`;
      }
    });
  }

  /** Move the cursor by points of the first series, and say what is there. */
  private step(points: number): void {
    const series = this.panes[0]?.series[0];
    if (!series?.starts.length) return;
    const last = series.starts.length - 1;
    const { min, max } = this.shared.view;
    const inView = this.time !== null && this.time >= min && this.time <= max;
    const from = lastNotAbove(series.starts, inView ? (this.time as number) : points > 0 ? min : max);
    const at = Math.min(Math.max(inView || !Number.isFinite(points) ? from + points : from, 0), last);
    const time = ((series.starts[at] as number) + (series.ends[at] as number)) / 2;
    const range = following(this.shared.view, time);
    if (range.min !== min) this.ask(range);
    this.pointAll(time);
    this.said.textContent = sentence(factsAt(this.spec, this.panes, time, this.shared.zone, 0));
  }

  // --- zoom and zone

  private ask(range: Range | null): void {
    const kept = range && within(range, this.whole(), this.least());
    this.zoom(kept);
    this.group.others((member) => member.zoom(kept));
  }

  /** Show a range, or everything. */
  zoom(range: Range | null): void {
    this.zoomed = range && within(range, this.whole(), this.least());
    this.shared.view = this.zoomed ?? this.whole();
    this.plots.forEach((plot, at) => {
      const pane = this.panes[at] as Pane;
      if (countBars(pane, this.shared.view)) {
        plot.setData(aligned(pane), false);
        (this.titles[at] as HTMLElement).textContent = titleOf(pane);
      }
      plot.setScale("x", this.shared.view);
    });
    this.redraw();
  }

  private askZone(): void {
    const zone: Zone = this.shared.zone === "UTC" ? "local" : "UTC";
    this.setZone(zone);
    this.group.others((member) => member.setZone(zone));
  }

  /** Show times in a zone. */
  setZone(zone: Zone): void {
    this.shared.zone = zone;
    for (const plot of this.plots) plot.redraw(false, true);
    this.redraw();
  }
}

function render({ model, el }: RenderProps<Traits>): () => void {
  const chart = new Chart(el);
  const update = (): void => chart.show(model.get("spec"), numbers(model.get("columns")));
  model.on("change:spec", update);
  const sizes = new ResizeObserver(() => chart.resize());
  let unwatch = (): void => undefined;
  let waiting = 0;
  const begin = (): void => {
    chart.recolor();
    unwatch = watchTheme(el, () => chart.recolor());
    sizes.observe(el);
    chart.resize();
  };
  update();
  // often the element is attached to the page after it is rendered: only then it has a width and colours
  if (el.isConnected) begin();
  else waiting = requestAnimationFrame(begin);
  return () => {
    cancelAnimationFrame(waiting);
    unwatch();
    sizes.disconnect();
    model.off("change:spec", update);
    chart.end();
  };
}

export default { render };
/** For the benchmark, which measures it alone beside the chart. */
export { default as uPlot } from "uplot";
