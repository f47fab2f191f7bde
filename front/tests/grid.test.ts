// @vitest-environment happy-dom
import { afterEach, expect, test } from "vitest";
import grid, { arranged, type Row } from "../src/grid";
import { spark } from "../src/spark";
import { fakeModel, rendered, type FakeModel } from "./model";

const COLUMNS = [
  { name: "name", label: "name", kind: "text" },
  { name: "count", label: "requests", kind: "number" },
  { name: "trend", label: "trend", kind: "spark" },
  { name: "key", label: "key", kind: "copy" },
];

function row(name: string, count: number | null, off = ""): Row {
  const cells = [name, count === null ? "–" : String(count), [1, null, 3], `key of ${name}`];
  return { key: name, name, off, cells, sort: [name, count, null, `key of ${name}`] };
}

function model(rows: Row[], selectable = true): FakeModel {
  return fakeModel({ columns: COLUMNS, rows, selected: "", selectable, caption: "things", height: "10em" });
}

const names = (el: HTMLElement): string[] => [...el.querySelectorAll("tbody th")].map((cell) => cell.textContent ?? "");
const radio = (el: HTMLElement, at: number): HTMLInputElement =>
  el.querySelectorAll<HTMLInputElement>("input[type=radio]")[at] as HTMLInputElement;
const sort = (el: HTMLElement, label: string): void =>
  [...el.querySelectorAll<HTMLButtonElement>("thead button")]
    .find((button) => button.textContent?.startsWith(label))
    ?.click();

afterEach(() => document.body.replaceChildren());

test("markup in a cell is text", () => {
  const { el } = rendered(grid, model([row("<img src=x onerror=alert(1)>", 1)]));
  expect(el.querySelector("img")).toBeNull();
  expect(names(el)).toEqual(["<img src=x onerror=alert(1)>"]);
});

test("a heading sorts its column, numbers downwards first, and says so", () => {
  const { el } = rendered(grid, model([row("a", 2), row("b", null), row("c", 10)]));
  sort(el, "requests");
  expect(names(el)).toEqual(["c", "a", "b"]);
  sort(el, "requests");
  expect(names(el)).toEqual(["a", "c", "b"]); // what is unknown stays last
  expect(el.querySelectorAll("th[aria-sort]")[1]?.getAttribute("aria-sort")).toBe("ascending");
  expect(document.activeElement?.textContent).toBe("requests ▴");
});

test("names with numbers are sorted as people count", () => {
  const rows = ["v10", "v9", "v1"].map((name) => row(name, 0));
  expect(arranged(rows, "", { column: 0, down: false }).map((one) => one.key)).toEqual(["v1", "v9", "v10"]);
});

test("the filter shows the rows that hold its text, and how many they are", () => {
  const { el } = rendered(grid, model([..."abcdefghi"].map((name) => row(`thing ${name}`, 1))));
  const find = el.querySelector<HTMLInputElement>("input[type=search]") as HTMLInputElement;
  find.value = "  THING C";
  find.dispatchEvent(new Event("input"));
  expect(names(el)).toEqual(["thing c"]);
  expect(el.querySelector("[role=status]")?.textContent).toBe("1 of 9 rows");
});

test("few rows have no filter", () => {
  const { el } = rendered(grid, model([row("a", 1)]));
  expect(el.querySelector<HTMLElement>(".createos-grid-tools")?.hidden).toBe(true);
});

test("choosing a row tells the kernel, and Enter opens it", () => {
  const own = model([row("a", 1), row("b", 2)]);
  const { el } = rendered(grid, own);
  radio(el, 1).dispatchEvent(new Event("change"));
  expect(own.get("selected")).toBe("b");
  expect(own.save_changes).toHaveBeenCalled();
  expect(el.querySelectorAll("tbody tr")[1]?.className).toBe("createos-selected");
  radio(el, 1).dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  expect(own.send).toHaveBeenLastCalledWith({ opened: "b" });
});

test("a click anywhere in a row chooses it, one on its button does not", () => {
  const own = model([row("a", 1)]);
  const { el } = rendered(grid, own);
  el.querySelector<HTMLElement>("tbody td button")?.click();
  expect(own.get("selected")).toBe("");
  el.querySelector<HTMLElement>("tbody th")?.click();
  expect(own.get("selected")).toBe("a");
  expect(own.send).toHaveBeenLastCalledWith({ clicked: "a" });
});

test("a row that is off says why and can't be chosen", () => {
  const own = model([row("a", 1, "it sleeps")]);
  const { el } = rendered(grid, own);
  expect(radio(el, 0).disabled).toBe(true);
  expect(radio(el, 0).getAttribute("aria-label")).toBe("choose a: not possible, it sleeps");
  el.querySelector<HTMLElement>("tbody th")?.click();
  expect(own.get("selected")).toBe("");
});

test("a refresh keeps the element of a row, and focus within it", () => {
  const own = model([row("a", 1), row("b", 2)]);
  const { el } = rendered(grid, own);
  const before = radio(el, 1);
  before.focus();
  own.set("rows", [row("c", 9), row("b", 3)]);
  expect(names(el)).toEqual(["c", "b"]);
  expect(radio(el, 1)).toBe(before);
  expect(document.activeElement).toBe(before);
  expect(el.querySelectorAll("tbody tr")[1]?.querySelectorAll("td")[1]?.textContent).toBe("3");
});

test("a spark leaves gaps, and says its range", () => {
  const drawn = spark([1, null, 3]);
  expect(drawn.querySelector("path")?.getAttribute("d")?.match(/[ML]/g)).toEqual(["M", "M"]);
  expect(drawn.getAttribute("aria-label")).toBe("from 1 to 3, last 3");
  expect(spark([]).getAttribute("aria-label")).toBe("no data");
});
