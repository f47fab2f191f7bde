import { expect, test } from "vitest";
import { clock, format, formatRange, formatTick, timeTicks, top } from "../src/chart/scales";

const at = (hours: number, minutes = 0): number => Date.UTC(2026, 2, 4, hours, minutes) / 1000;

test.each([
  [167, 200],
  [5.1, 6],
  [0.3, 0.4],
  [99, 200],
  [0, 1],
  [NaN, 1],
])("a scale for %d ends at %d, with a round middle", (value, end) => {
  expect(top(value)).toBe(end);
});

test.each([
  [3.42, "%", "3.4 %"],
  [0.138, "%", "0.14 %"],
  [99.996, "%", "99.99 %"],
  [100, "%", "100 %"],
  [0, "%", "0 %"],
  [1234, "", "1,234"],
  [12.345, "ms", "12.35 ms"],
  [NaN, "%", "no data"],
])("%d %s is read as %s", (value, unit, text) => {
  expect(format(value, unit)).toBe(text);
});

test("numbers of a scale are short", () => {
  expect([0, 3].map((value) => formatTick(value, "%"))).toEqual(["0", "3 %"]);
  expect([500, 20_000, 2_500_000].map((value) => formatTick(value, ""))).toEqual(["500", "20k", "2.5M"]);
});

test("times are labelled at round moments, and midnight by its day", () => {
  const [ticks, labels] = timeTicks(at(22, 50), at(25, 10), 300, "UTC");
  expect(labels).toEqual(["23:00", "5 Mar", "01:00"]);
  expect(ticks[0]).toBe(at(23));
});

test("no more labels than there is room for", () => {
  expect(timeTicks(at(0), at(24), 300, "UTC")[1].length).toBeLessThanOrEqual(5);
  expect(timeTicks(at(0), at(24 * 365), 300, "UTC")[1].length).toBeLessThanOrEqual(5);
});

test("seconds are shown where they matter", () => {
  expect(clock(at(13, 3), "UTC")).toBe("13:03");
  expect(clock(at(13, 3) + 5, "UTC")).toBe("13:03:05");
});

test("a range says no more digits than are known of an estimate", () => {
  expect(formatRange(11.61, 221.2, "")).toBe("12 to 221");
  expect(formatRange(0, 0.572, "%")).toBe("up to 0.57 %");
  expect(formatRange(NaN, 3, "")).toBe("not known");
});
