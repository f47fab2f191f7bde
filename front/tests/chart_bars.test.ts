// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { barSeconds, barsIn, countBars, MOST_BARS } from "../src/chart/bars";
import { factsAt, sentence } from "../src/chart/card";
import { aligned, highest, titleOf } from "../src/chart/pane";
import { tableOf } from "../src/chart/table";
import { shares, START } from "./figures";

const minute = (count: number): number => START + count * 60;
const steady = (count: number, value: number): number[] => Array.from({ length: count }, () => value);

test("a bar is as long as the range asks for, and never shorter than a bucket", () => {
  expect([600, 3600, 6 * 3600, 86_400, 30 * 86_400].map((length) => barSeconds(length, 60))).toEqual([
    60, 120, 600, 1800, 86_400,
  ]);
  expect(barSeconds(600, 3600)).toBe(3600);
  for (const length of [3600, 7200, 86_400]) expect(length / barSeconds(length, 60)).toBeLessThanOrEqual(MOST_BARS);
});

test("a zoom counts the bars anew from the same buckets, and the title says how long one lasts", () => {
  const errors = steady(720, 0).map((_, at) => (at === 300 ? 50 : 0));
  const { panes } = shares(steady(720, 100), errors);
  const bars = panes[1]!;
  const [series] = bars.series;
  expect(countBars(bars, { min: minute(0), max: minute(720) })).toBe(true);
  expect(titleOf(bars)).toBe("Server errors, %, 15 min");
  expect(series!.values).toHaveLength(48);
  expect(Math.max(...series!.values)).toBeCloseTo((100 * 50) / 1500);
  countBars(bars, { min: minute(290), max: minute(310) });
  expect(titleOf(bars)).toBe("Server errors, %, 1 min");
  expect(series!.values).toHaveLength(20);
  expect(Math.max(...series!.values)).toBe(50);
  expect(highest(bars, { min: minute(290), max: minute(310) })).toBe(50);
  // a pane whose bars are made of nothing stays as it is
  expect(countBars(panes[0]!, { min: minute(0), max: minute(9) })).toBe(false);
});

test("a bar at the edge of a zoom has all of its buckets", () => {
  const { panes } = shares(steady(600, 100), steady(600, 0).map((_, at) => at % 10));
  const { values, seconds } = barsIn(panes[1]!.share!, { min: minute(105), max: minute(245) });
  expect(seconds).toBe(300);
  expect([values.starts[0], values.ends.at(-1)]).toEqual([minute(105), minute(245)]);
  const inner = barsIn(panes[1]!.share!, { min: minute(103), max: minute(243) }).values;
  expect([inner.starts[0], inner.ends.at(-1)]).toEqual([minute(100), minute(245)]);
  expect(inner.values[0]).toBe(2); // (0 + 1 + 2 + 3 + 4) of 500
});

test("no bar has buckets of two versions, and a new one begins with its first", () => {
  const { panes } = shares(steady(120, 100), [...steady(61, 0), ...steady(59, 10)], { breaks: [minute(61)] });
  const { values } = barsIn(panes[1]!.share!, { min: minute(0), max: minute(120) });
  expect([...values.starts]).toContain(minute(61));
  expect(new Set(values.values)).toEqual(new Set([0, 10]));
});

test("without requests or data the share is not known", () => {
  const requests = [...steady(5, NaN), ...steady(5, 0), ...steady(110, 100)];
  const { panes } = shares(requests, [...steady(5, NaN), ...steady(115, 0)]);
  const { values } = barsIn(panes[1]!.share!, { min: minute(0), max: minute(120) });
  expect([...values.values].slice(0, 4).map(Number.isNaN)).toEqual([true, true, false, false]);
});

test("the usual range of a bar is narrower than that of its buckets, and is counted anew as well", () => {
  const { panes } = shares(steady(240, 100), steady(240, 1), { usual: true });
  const bars = panes[1]!;
  countBars(bars, { min: minute(0), max: minute(240) });
  expect(bars.usual!.highs[1]).toBeCloseTo((100 * (5 + Math.sqrt(5 * 16))) / 500);
  countBars(bars, { min: minute(0), max: minute(30) });
  expect(bars.usual!.highs[1]).toBeCloseTo(5);
  expect(bars.usual!.lows[1]).toBe(0);
});

test("the usual range is a band between two columns, which stand before the series", () => {
  const { panes } = shares([100, 90, NaN], [1, 0, NaN], { usual: true });
  const line = aligned(panes[0]!);
  expect(line.map((column) => [...column])).toEqual([
    [minute(0) + 30, minute(1) + 30, minute(2) + 30],
    [120, 120, 120],
    [40, 40, 40],
    [100, 90, null],
  ]);
  const bars = panes[1]!;
  countBars(bars, { min: minute(0), max: minute(3) });
  const [times, highs] = aligned(bars) as [number[], number[], number[], number[]];
  // a step has its ends; between them stands the middle of its bar
  expect([...times].slice(0, 4)).toEqual([minute(0), minute(0) + 30, minute(1) - 0.001, minute(1)]);
  expect(highs[0]).toBe(highs[2]);
  expect(highs.at(-1)).toBeNull();
});

test("a wide range does not press the series into a line", () => {
  const { panes } = shares([10, 12, 11], [0, 0, 0], { usual: true });
  expect(highest(panes[0]!, { min: minute(0), max: minute(3) })).toBe(18); // and not 120
});

test("the card and the table say the usual range", () => {
  const { spec, panes } = shares([100, 90, 95], [1, 0, 2], { usual: true });
  for (const pane of panes) countBars(pane, { min: minute(0), max: minute(3) });
  expect(sentence(factsAt(spec, panes, minute(0), "UTC", 0))).toBe(
    "13:00 UTC: requests 100, usual 40 to 120, server errors 1 %, usual up to 5 %",
  );
  const { heads, rows } = tableOf(spec, panes, { min: minute(0), max: minute(3) }, "UTC");
  expect(heads).toEqual(["time", "requests", "server errors", "usual requests", "usual server errors"]);
  expect(rows[1]!.slice(3)).toEqual(["40 to 120", "up to 5 %"]);
});
