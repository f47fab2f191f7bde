// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { drawBackdrop, stretch } from "../src/chart/backdrop";
import { besides, Card, factsAt, sentence } from "../src/chart/card";
import { join, type Member } from "../src/chart/group";
import { listen, type Asked } from "../src/chart/input";
import { aligned, highest } from "../src/chart/pane";
import { bucketAt, bucketsIn, numbers, panesOf } from "../src/chart/spec";
import { fillTable, MOST_ROWS, tableOf } from "../src/chart/table";
import { isDark } from "../src/chart/theme";
import { following, scaled, within } from "../src/chart/zoom";
import { figures, START } from "./figures";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener() {}, removeEventListener() {} }));
afterEach(() => document.body.replaceChildren());

const minute = (count: number): number => START + count * 60;
const tenMinutes = () => figures([5, 6, NaN, 8, 9, 1, 2, 3, 4, 250], [0, 3.4]);

test("bytes that begin anywhere are the numbers that were sent", () => {
  const bytes = new Uint8Array(17);
  new DataView(bytes.buffer).setFloat64(1, 1.5, true);
  new DataView(bytes.buffer).setFloat64(9, -2, true);
  expect([...numbers(new DataView(bytes.buffer, 1))]).toEqual([1.5, -2]);
  expect(numbers(null)).toHaveLength(0);
});

test("a moment lies in the bucket that has begun and not ended", () => {
  const [requests] = tenMinutes().panes.map((pane) => pane.series[0]!);
  expect([minute(-1), minute(0), minute(0) + 59, minute(1), minute(10)].map((time) => bucketAt(requests!, time))).toEqual(
    [-1, 0, 0, 1, -1],
  );
});

test("a bar that begins before the range belongs to it", () => {
  const [, errors] = tenMinutes().panes.map((pane) => pane.series[0]!);
  expect(bucketsIn(errors!, { min: minute(2), max: minute(5) })).toEqual([0, 0]);
  expect(bucketsIn(errors!, { min: minute(2), max: minute(6) })).toEqual([0, 1]);
});

test("what is not known is a gap, and no zero", () => {
  const { panes } = tenMinutes();
  const [times, values] = aligned(panes[0]!);
  expect(values![2]).toBeNull();
  expect(times[0]).toBe(minute(0) + 30); // the point stands in the middle of its bucket
});

test("series with times of their own are joined, and get no gaps by that", () => {
  const { spec, columns } = tenMinutes();
  const both = panesOf({ ...spec, panes: [{ ...spec.panes[0]!, series: spec.panes.flatMap((pane) => pane.series) }] }, columns);
  const [times, ...values] = aligned(both[0]!) as [ArrayLike<number>, ...(number | null | undefined)[][]];
  const [requests, errors] = values;
  expect(times).toHaveLength(10); // a bar's middle is that of a minute, too
  expect(errors!.filter((value) => value != null)).toEqual([0, 3.4]);
  expect(errors![0]).toBeUndefined(); // the line goes on
  expect(requests![2]).toBeNull(); // a gap
});

test("the scale reaches the highest peak of the range, and the limit", () => {
  const { panes } = tenMinutes();
  expect(highest(panes[0]!, { min: minute(0), max: minute(10) })).toBe(250);
  expect(highest(panes[0]!, { min: minute(0), max: minute(9) })).toBe(9);
  expect(highest(panes[1]!, { min: minute(0), max: minute(5) })).toBe(0.5);
});

test("the card has all values of a moment, the version that was live, and marks that are near", () => {
  const { spec, panes } = figures([5, 6, NaN, 8, 9], [3.4], {
    bands: [{ start: START, end: minute(3), label: "v3", note: "", chosen: false }],
    marks: [
      { time: minute(3), until: null, label: "<b>v4</b>", kind: "deployment" },
      { time: minute(1), until: minute(9), label: "an incident", kind: "incident" },
      { time: minute(5), until: minute(9), label: "a later one", kind: "incident" },
    ],
  });
  const facts = factsAt(spec, panes, minute(2) + 1, "UTC", 60);
  expect(sentence(facts)).toBe(
    "13:02 UTC: requests no data, server errors, 13:00–13:05 3.4 %, live v3, 13:03 <b>v4</b>, since 13:01 an incident",
  );
  const card = document.createElement("div");
  const shown = new Card(card);
  shown.show(facts);
  expect(card.querySelectorAll("div")).toHaveLength(5);
  expect(card.innerHTML).toContain("&lt;b&gt;v4&lt;/b&gt;");
  shown.show(factsAt(spec, panes, START, "UTC", 0)); // with fewer rows
  expect([...card.querySelectorAll<HTMLElement>("div")].filter((row) => !row.hidden)).toHaveLength(3);
});

test("the card stands beside the cursor where there is more room, and never outside", () => {
  expect(besides(100, 180, 1000)).toBe(112);
  expect(besides(900, 180, 1000)).toBe(708);
  expect(besides(140, 260, 300)).toBe(300 - 180); // it takes 60 % at most
  expect(besides(160, 260, 300)).toBe(0);
});

test("bands and marks stand where their time is, and labels never lie on each other", () => {
  const layers = { bands: document.createElement("div"), marks: document.createElement("div") };
  const { spec } = figures([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [], {
    bands: [
      { start: 0, end: minute(5), label: "v3", note: "Faster search", chosen: true },
      { start: minute(5), end: minute(20), label: "v4", note: "", chosen: false },
    ],
    marks: [
      { time: minute(5), until: minute(8), label: "another label", kind: "incident" },
      { time: minute(30), until: null, label: "later", kind: "deployment" },
    ],
  });
  drawBackdrop(layers, spec, { min: minute(0), max: minute(10) }, 400);
  const bands = [...layers.bands.children] as HTMLElement[];
  expect(bands.map((band) => [band.style.left, band.style.width])).toEqual([
    ["0px", "200px"],
    ["200px", "200px"],
  ]);
  expect(bands[0]!.className).toContain("createos-chart-chosen");
  expect(layers.marks.querySelectorAll(".createos-chart-mark")).toHaveLength(1);
  expect(layers.marks.querySelector<HTMLElement>(".createos-chart-span")?.style.width).toBe("120px");
  expect([...layers.marks.querySelectorAll(".createos-chart-label")].map((one) => one.textContent)).toEqual([
    "v3 Faster search",
    "v4",
  ]);
  expect(stretch({ start: minute(30), end: minute(40) }, { min: minute(0), max: minute(10) })).toBeNull();
});

test("the table has the figures of the range, and says what it puts together", () => {
  const { spec, panes } = figures(Array.from({ length: 150 }, (_, at) => at), [0.5]);
  const all = tableOf(spec, panes, { min: START, max: minute(150) }, "UTC");
  expect(all.rows.length).toBeLessThanOrEqual(MOST_ROWS);
  expect(all.rows[0]).toEqual(["13:00 UTC", "2", "0.5 %"]);
  expect(all.note).toContain("highest values of 3 points");
  const zoomed = tableOf(spec, panes, { min: START, max: minute(4) }, "UTC");
  expect(zoomed.rows.map((row) => row[1])).toEqual(["0", "1", "2", "3"]);
  const into = document.createElement("div");
  fillTable(into, zoomed, "<i>title</i>");
  expect(into.querySelectorAll("tbody tr")).toHaveLength(4);
  expect(into.querySelector("i")).toBeNull();
});

test("a zoom stays within what there is, and is never narrower than some points", () => {
  const whole = { min: 0, max: 1000 };
  expect(within({ min: -100, max: 100 }, whole, 10)).toEqual({ min: 0, max: 200 });
  expect(within({ min: 950, max: 1150 }, whole, 10)).toEqual({ min: 800, max: 1000 });
  expect(within({ min: 500, max: 501 }, whole, 10)).toEqual({ min: 495.5, max: 505.5 });
  expect(within({ min: -10, max: 1010 }, whole, 10)).toBeNull();
  expect(scaled({ min: 0, max: 100 }, 0.5, 100)).toEqual({ min: 50, max: 100 });
  expect(following({ min: 0, max: 100 }, 50)).toEqual({ min: 0, max: 100 });
  expect(following({ min: 0, max: 100 }, 150).max).toBe(160);
});

function member(): Member {
  return { point: vi.fn(), zoom: vi.fn(), setZone: vi.fn() };
}

test("charts of one group hear each other, and no others, until they leave", () => {
  const [a, b, c] = [member(), member(), member()];
  const [groupA, groupB] = [join("one", a), join("one", b)];
  join("two", c);
  groupA.others((other) => other.point(7));
  expect(b.point).toHaveBeenCalledWith(7);
  expect(a.point).not.toHaveBeenCalled();
  expect(c.point).not.toHaveBeenCalled();
  groupB.leave();
  groupA.others((other) => other.point(8));
  expect(b.point).toHaveBeenCalledTimes(1);
});

function listening(): { plot: HTMLElement; area: HTMLElement; asked: { [key in keyof Asked]: ReturnType<typeof vi.fn> } } {
  const [plot, area] = [document.createElement("div"), document.createElement("div")];
  plot.append(area);
  document.body.append(plot);
  area.getBoundingClientRect = () => ({ left: 100, width: 200 }) as DOMRect;
  const asked = {
    point: vi.fn(), select: vi.fn(), dragging: vi.fn(), step: vi.fn(), end: vi.fn(), zoom: vi.fn(), pan: vi.fn(), reset: vi.fn(),
  };
  listen(plot, area, asked);
  return { plot, area, asked };
}

const pointer = (type: string, clientX: number, buttons = 0): PointerEvent =>
  new PointerEvent(type, { clientX, buttons, button: 0, pointerType: "mouse", bubbles: true });

test("the pointer points, and a drag selects", () => {
  const { area, asked } = listening();
  area.dispatchEvent(pointer("pointermove", 150));
  expect(asked.point).toHaveBeenLastCalledWith(0.25);
  area.dispatchEvent(pointer("pointerdown", 250, 1));
  area.dispatchEvent(pointer("pointermove", 150, 1));
  area.dispatchEvent(pointer("pointerup", 150));
  expect(asked.select).toHaveBeenCalledWith(0.25, 0.75);
  area.dispatchEvent(pointer("pointerdown", 150, 1));
  area.dispatchEvent(pointer("pointerup", 152));
  expect(asked.select).toHaveBeenCalledTimes(1); // a click selects nothing
  area.dispatchEvent(new MouseEvent("dblclick"));
  expect(asked.reset).toHaveBeenCalled();
});

test("keys move and zoom, and reach no notebook", () => {
  const { plot, asked } = listening();
  const heard = vi.fn();
  document.body.addEventListener("keydown", heard);
  const press = (key: string, options = {}): boolean =>
    plot.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }));
  expect(press("ArrowRight")).toBe(false);
  expect(asked.step).toHaveBeenLastCalledWith(1);
  press("ArrowLeft", { shiftKey: true });
  expect(asked.step).toHaveBeenLastCalledWith(-10);
  press("End");
  expect(asked.end).toHaveBeenLastCalledWith(true);
  press("+");
  press("-");
  expect(asked.zoom.mock.calls).toEqual([[0.5], [2]]);
  press("Escape");
  press("0");
  expect(asked.reset).toHaveBeenCalledTimes(2);
  expect(press("Tab")).toBe(true); // the focus goes on
  expect(press("+", { ctrlKey: true })).toBe(true); // the browser's own zoom
  expect(asked.zoom).toHaveBeenCalledTimes(2);
  expect(heard).not.toHaveBeenCalled();
});

test("the host says whether it is dark, through a shadow tree too; else the system does", () => {
  const host = document.createElement("div");
  document.body.append(host);
  const inner = document.createElement("div");
  host.attachShadow({ mode: "open" }).append(inner);
  expect(isDark(inner)).toBe(false);
  host.className = "dark";
  expect(isDark(inner)).toBe(true);
  host.className = "";
  document.body.setAttribute("data-jp-theme-light", "false");
  expect(isDark(inner)).toBe(true);
  document.body.removeAttribute("data-jp-theme-light");
});
