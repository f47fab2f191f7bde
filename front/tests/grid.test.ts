// @vitest-environment happy-dom
import { afterEach, expect, test } from "vitest";
import grid, { arranged, type Row } from "../src/grid";
import { fill } from "../src/grid_cells";
import { counted } from "../src/grid_tools";
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
  expect(arranged(rows, { column: 0, down: false }).map((one) => one.key)).toEqual(["v1", "v9", "v10"]);
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

const FLEET = [
  { name: "status", label: "Status", kind: "status", width: "7em" },
  { name: "place", label: "Environment", kind: "entry", width: "1fr" },
  { name: "errors", label: "Server errors", kind: "errors", width: "9em" },
  { name: "replicas", label: "Replicas", kind: "number", width: "5em", wide: true },
];
const ICONS = { degraded: '<svg class="createos-icon"></svg>', ok: '<svg class="createos-icon"></svg>' };

function place(project: string, word: "OK" | "Degraded", percentage: number | null): Row {
  const trouble = word === "Degraded";
  const values = { values: [0, percentage, null], before: 0.1, change: "+3.3 pt", worse: true, trouble };
  const errors = percentage === null ? { text: "no requests" } : { text: `${percentage} %`, ...values };
  const status = { text: word, icon: word.toLowerCase(), color: word.toLowerCase() };
  const lines = { text: project, quiet: " / production", below: trouble ? "130 of 5,957 failed" : "" };
  return { key: project, name: project, off: "", cells: [status, lines, errors, "2"], sort: [word, project, percentage, 2] };
}

function fleet(rows: Row[], traits: Record<string, unknown> = {}): FakeModel {
  const fixed = { order: "status", words: "status", noun: "environments" };
  const common = { selected: "", selectable: true, caption: "fleet", height: "10em", icons: ICONS, reading: {} };
  return fakeModel({ columns: FLEET, rows, fixed, ...common, ...traits });
}

const fleetNames = (el: HTMLElement): string[] =>
  [...el.querySelectorAll("tbody .createos-name")].map((cell) => cell.textContent ?? "");
const SIX = [place("shop", "Degraded", 3.4), ..."abcde"].map((one) => (typeof one === "string" ? place(one, "OK", 0) : one));

test("a status is a word with its icon, and a row has its project, environment and reason", () => {
  const { el } = rendered(grid, fleet(SIX));
  const row = el.querySelector<HTMLElement>("tbody tr") as HTMLElement;
  expect(row.dataset["status"]).toBe("degraded");
  expect(row.querySelector(".createos-is-degraded svg")).not.toBeNull();
  expect(row.querySelector("th")?.textContent).toBe("shop / production130 of 5,957 failed");
  expect(row.querySelector(".createos-points")?.textContent).toBe("▲ +3.3 pt");
});

test("words become buttons with counts, trouble first, and filter", () => {
  const { el } = rendered(grid, fleet([...SIX].reverse()));
  const chips = [...el.querySelectorAll<HTMLButtonElement>(".createos-chip")];
  expect(chips.map((chip) => chip.textContent)).toEqual(["All 6", "1 degraded", "5 OK"]);
  chips[1]?.click();
  expect(fleetNames(el)).toEqual(["shop"]);
  expect(document.activeElement?.textContent).toBe("1 degraded");
  expect(document.activeElement?.getAttribute("aria-pressed")).toBe("true");
  expect(el.querySelector("[role=status]")?.textContent).toBe("1 of 6 environments");
  (document.activeElement as HTMLElement).click(); // once more shows all
  expect(fleetNames(el)).toHaveLength(6);
});

test("a word that nobody has any more filters nothing", () => {
  const own = fleet(SIX);
  const { el } = rendered(grid, own);
  el.querySelectorAll<HTMLElement>(".createos-chip")[1]?.click();
  own.set("rows", SIX.slice(1));
  expect(fleetNames(el)).toHaveLength(5);
  expect(el.querySelector(".createos-chip")?.getAttribute("aria-pressed")).toBe("true");
});

test("words are counted in the order in which people look, whichever way the rows come", () => {
  const rows = ["OK", "Asleep", "Strange", "Unknown", "Down", "OK"].map((text) => ({ ...SIX[0], cells: [{ text }] }) as Row);
  expect(counted(rows, 0).map(({ state, count }) => `${count} ${state.text}`)).toEqual([
    "1 Down",
    "1 Unknown",
    "1 Asleep",
    "2 OK",
    "1 Strange",
  ]);
});

test("the order in which the rows come is shown, and can be turned and come back", () => {
  const { el } = rendered(grid, fleet(SIX));
  const first = (): Element | null => el.querySelector("th[aria-sort]");
  expect(first()?.getAttribute("aria-sort")).toBe("descending");
  sort(el, "Server errors");
  expect(first()?.getAttribute("aria-sort")).toBe("none");
  sort(el, "Status");
  sort(el, "Status");
  expect(fleetNames(el).at(-1)).toBe("shop");
  expect(first()?.getAttribute("aria-sort")).toBe("ascending");
  sort(el, "Status");
  expect(fleetNames(el)[0]).toBe("shop");
});

test("a filter that nothing matches says so, and is cleared by its button", () => {
  const { el } = rendered(grid, fleet([...SIX, ..."fgh"].map((one) => (typeof one === "string" ? place(one, "OK", 0) : one))));
  const find = el.querySelector<HTMLInputElement>("input[type=search]") as HTMLInputElement;
  find.value = "<b>";
  find.dispatchEvent(new Event("input"));
  const nothing = el.querySelector<HTMLElement>(".createos-nothing") as HTMLElement;
  expect(nothing.hidden).toBe(false);
  expect(nothing.textContent).toContain("None of 9 environments matches the filter.");
  nothing.querySelector("button")?.click();
  expect(nothing.hidden).toBe(true);
  expect(fleetNames(el)).toHaveLength(9);
  expect(document.activeElement).toBe(find);
});

test("/ leads to the filter from a row, and stays a letter within it", () => {
  const { el } = rendered(grid, fleet([...SIX, place("f", "OK", 0), place("g", "OK", 0)]));
  const find = el.querySelector<HTMLInputElement>("input[type=search]") as HTMLInputElement;
  const key = (target: HTMLElement): boolean =>
    target.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true, cancelable: true }));
  expect(key(radio(el, 0))).toBe(false);
  expect(document.activeElement).toBe(find);
  expect(key(find)).toBe(true);
});

test("while it reads there is a bar with a name, and outlines of rows that are to come", () => {
  const own = fleet([], { reading: { text: "Reading traffic: 2 of 8 projects", done: 2, total: 8, outlines: 0 } });
  const { el } = rendered(grid, own);
  const bar = el.querySelector<HTMLElement>("[role=progressbar]") as HTMLElement;
  const outlines = el.querySelector<HTMLElement>(".createos-outlines") as HTMLElement;
  expect([bar.hidden, bar.getAttribute("aria-valuenow")]).toEqual([false, "25"]);
  expect(outlines.children).toHaveLength(4);
  own.set("rows", SIX);
  expect(outlines.hidden).toBe(true);
  own.set("reading", {});
  expect(bar.hidden).toBe(true);
  own.set("rows", []);
  expect(el.querySelector<HTMLElement>(".createos-grid-frame")?.hidden).toBe(true); // no empty box
});

test("nothing is known of an environment without requests: no line, and no zero", () => {
  const { el } = rendered(grid, fleet([place("quiet", "OK", null)]));
  expect(el.querySelector("td.createos-cell-errors")?.textContent).toBe("no requests");
  expect(el.querySelector("td.createos-cell-errors svg")).toBeNull();
});

test("a spark draws the level of another time, and a number alone between gaps", () => {
  const drawn = spark([null, 2, null], { before: 1, unit: " %", filled: true });
  expect(drawn.getAttribute("aria-label")).toBe("from 2 % to 2 %, last 2 %; before, 1 %");
  expect(drawn.querySelector(".createos-spark-before")).not.toBeNull();
  expect(drawn.querySelector(".createos-spark-line")?.getAttribute("d")).toMatch(/h0.1$/);
});

test("an icon of the kernel's stands before the second line of an entry", () => {
  const cell = document.createElement("td");
  const column = { name: "live", label: "Live", kind: "entry" } as const;
  fill(cell, column, { text: "v17", below: "v18 <b>building</b>", icon: "pending" }, { pending: "<svg></svg>" });
  const below = cell.querySelector(".createos-below");
  expect(below?.firstElementChild?.tagName).toBe("svg");
  expect(below?.textContent).toBe("v18 <b>building</b>");
  fill(cell, column, { text: "v17", below: "changed" }, {});
  expect(cell.querySelector("svg")).toBeNull();
});
