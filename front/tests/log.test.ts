// @vitest-environment happy-dom
import { afterEach, expect, test } from "vitest";
import log, { newer, type Line, type Part } from "../src/log";
import { fakeModel, rendered, type FakeModel } from "./model";

function line(n: number, text: string | Part[] = `line ${n}`, more: Partial<Line> = {}): Line {
  const parts: Part[] = typeof text === "string" ? [[text, ""]] : text;
  return { n, kind: "", time: "09:00:00", at: "2026-03-02 09:00:00 UTC", level: "", before: "", parts, ...more };
}

const lines = (from: number, to: number): Line[] => Array.from({ length: to - from }, (_, at) => line(from + at));

/** A log whose lines are 20 pixels high, of which 100 are seen: the test's page has no layout. */
function shown(model: FakeModel): { scroller: HTMLElement; button: HTMLButtonElement; end: () => void } {
  const { el, end } = rendered(log, model);
  const scroller = el.querySelector<HTMLElement>("[role=log]") as HTMLElement;
  Object.defineProperty(scroller, "scrollHeight", { get: () => scroller.children.length * 20 });
  Object.defineProperty(scroller, "clientHeight", { get: () => 100 });
  layOut(scroller);
  model.set("label", "Log"); // draws once more, now that it has a height
  return { scroller, button: el.querySelector("button") as HTMLButtonElement, end };
}

function layOut(scroller: HTMLElement): void {
  const top = function (this: HTMLElement): number {
    return [...scroller.children].indexOf(this) * 20;
  };
  Object.defineProperty(HTMLElement.prototype, "offsetTop", { configurable: true, get: top });
  Object.defineProperty(HTMLElement.prototype, "offsetHeight", { configurable: true, get: () => 20 });
}

function scrollTo(scroller: HTMLElement, top: number): void {
  scroller.scrollTop = top;
  scroller.dispatchEvent(new Event("scroll"));
}

const texts = (scroller: HTMLElement): string[] =>
  [...scroller.querySelectorAll(".createos-log-text")].map((element) => element.textContent ?? "");

afterEach(() => document.body.replaceChildren());

test("markup in a line is text", () => {
  const { scroller } = shown(fakeModel({ lines: [line(0, "<img src=x onerror=alert(1)>")], label: "Log" }));
  expect(scroller.querySelector("img")).toBeNull();
  expect(texts(scroller)).toEqual(["<img src=x onerror=alert(1)>"]);
});

test("marks are marks, a level is its word, and where the log is cut is no line", () => {
  const parts: Part[] = [["ERROR", "level"], [" no ", ""], ["route", "mark"]];
  const cut = line(-1, "cut here: 770 earlier lines", { kind: "cut" });
  const { scroller } = shown(fakeModel({ lines: [cut, line(0, parts, { level: "error" })], label: "Log" }));
  expect(scroller.querySelector("mark")?.textContent).toBe("route");
  expect(scroller.querySelector(".createos-level-error .createos-level")?.textContent).toBe("ERROR");
  expect(scroller.querySelector(".createos-cut")?.textContent).toContain("cut here");
  expect(scroller.querySelector("time")?.title).toBe("2026-03-02 09:00:00 UTC");
});

test("at its end it follows, and no button is in the way", () => {
  const model = fakeModel({ lines: lines(0, 20), label: "Log" });
  const { scroller, button } = shown(model);
  expect(scroller.scrollTop).toBe(400);
  model.set("lines", lines(0, 30));
  expect(scroller.scrollTop).toBe(600);
  expect(button.hidden).toBe(true);
});

test("where somebody reads it stays, lines that go above included, and a button says how many have come", () => {
  const model = fakeModel({ lines: lines(0, 20), label: "Log" });
  const { scroller, button } = shown(model);
  scrollTo(scroller, 110); // line 5 is the first that is seen
  model.set("lines", lines(3, 32)); // three have gone, twelve have come
  expect(scroller.scrollTop).toBe(50);
  expect(button.hidden).toBe(false);
  expect(button.textContent).toBe("12 new lines ↓");
  button.click();
  expect(scroller.scrollTop).toBe(29 * 20);
  expect(button.hidden).toBe(true);
  expect(document.activeElement).toBe(scroller);
});

test("a reader who scrolls to the end follows again", () => {
  const model = fakeModel({ lines: lines(0, 20), label: "Log" });
  const { scroller, button } = shown(model);
  scrollTo(scroller, 0);
  model.set("lines", lines(0, 21));
  expect(button.textContent).toBe("1 new line ↓");
  scrollTo(scroller, 320);
  expect(button.hidden).toBe(true);
});

test("a row that has not changed stays the same element, so that a selection in it stays", () => {
  const model = fakeModel({ lines: lines(0, 5), label: "Log" });
  const { scroller } = shown(model);
  const kept = scroller.children[2];
  model.set("lines", [...lines(1, 3), line(3, "changed"), ...lines(4, 7)]);
  expect(scroller.children[1]).toBe(kept);
  expect(texts(scroller)).toEqual(["line 1", "line 2", "changed", "line 4", "line 5", "line 6"]);
});

test("n and shift+n go through the marks, around the end", () => {
  const marked = (n: number): Line => line(n, [["here", "mark"]]);
  const { scroller } = shown(fakeModel({ lines: [marked(0), line(1), marked(2)], label: "Log" }));
  const key = (shiftKey: boolean): void => {
    scroller.dispatchEvent(new KeyboardEvent("keydown", { key: shiftKey ? "N" : "n", shiftKey, bubbles: true }));
  };
  const current = (): number =>
    [...scroller.querySelectorAll("mark")].findIndex((mark) => mark.classList.contains("createos-current"));
  key(false);
  expect(current()).toBe(0);
  key(false);
  key(false);
  expect(current()).toBe(0);
  key(true);
  expect(current()).toBe(1);
});

test("gaps and cuts are no new lines; after its end it listens no more", () => {
  expect(newer([line(5), line(6, "gap", { kind: "gap" }), line(7)], 5)).toBe(1);
  const model = fakeModel({ lines: lines(0, 2), label: "Log" });
  const { scroller, end } = shown(model);
  end();
  model.set("lines", lines(0, 3));
  expect(scroller.children.length).toBe(2);
});
