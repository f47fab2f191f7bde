// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import secret from "../src/secret";
import { fakeModel, rendered, type FakeModel } from "./model";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function model(kind: string): FakeModel {
  return fakeModel({ kind, description: "TOKEN", placeholder: "not shown", disabled: false, has_value: false, summary: "" });
}

const input = (el: HTMLElement): HTMLInputElement => el.querySelector("input") as HTMLInputElement;

test("what was typed is sent as a message, and the field is empty at once", () => {
  const own = model("secret");
  const { el } = rendered(secret, own);
  input(el).value = "hush";
  input(el).dispatchEvent(new Event("change"));
  expect(own.send).toHaveBeenCalledWith({ secret: "hush" });
  expect(input(el).value).toBe("");
  expect(own.save_changes).not.toHaveBeenCalled(); // no trait ever holds it
  expect(el.outerHTML).not.toContain("hush");
});

test("a pasted key keeps its lines", () => {
  const own = model("secret");
  const { el } = rendered(secret, own);
  const paste = new Event("paste", { cancelable: true });
  Object.assign(paste, { clipboardData: { getData: () => "line 1\nline 2" } });
  input(el).dispatchEvent(paste);
  expect(paste.defaultPrevented).toBe(true);
  expect(own.send).toHaveBeenCalledWith({ secret: "line 1\nline 2" });
});

test("a value can be cleared once there is one", () => {
  const own = model("secret");
  const { el } = rendered(secret, own);
  const clear = el.querySelector("button") as HTMLButtonElement;
  expect(clear.hidden).toBe(true);
  own.set("has_value", true);
  expect(clear.hidden).toBe(false);
  clear.click();
  expect(own.send).toHaveBeenCalledWith({ forget: true });
});

test("a value that is shown leaves the page after its seconds", () => {
  const own = model("reveal");
  const { el } = rendered(secret, own);
  own.receive({ name: "key", displayed: "<b>hush</b>", secret: "<b>hush</b>", seconds: 3 });
  expect(el.querySelector("code")?.textContent).toBe("<b>hush</b>");
  vi.advanceTimersByTime(2000);
  expect(el.querySelector(".createos-countdown")?.textContent).toBe("hidden again in 1 s");
  vi.advanceTimersByTime(1000);
  expect(el.innerHTML).toBe("");
  expect(el.hidden).toBe(true);
});

test("a value leaves the page with its panel", () => {
  const own = model("reveal");
  const { el, end } = rendered(secret, own);
  own.receive({ name: "key", displayed: "hush", secret: "hush", seconds: 30 });
  end();
  expect(el.innerHTML).toBe("");
  own.receive({ name: "key", displayed: "hush", secret: "hush", seconds: 30 });
  expect(el.innerHTML).toBe(""); // nobody listens any more
});
