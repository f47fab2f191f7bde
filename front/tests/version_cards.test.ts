// @vitest-environment happy-dom
import { expect, test } from "vitest";
import versions, { type Card } from "../src/version_cards";
import { fakeModel } from "./model";

function card(key: string, more: Partial<Card> = {}): Card {
  return { key, title: key, tags: [], figure: "", bad: false, lines: [], off: "", live: false, first: true, ...more };
}

function shown(traits: { cards: Card[]; selected?: string; preset?: string }) {
  const model = fakeModel({ selected: "", preset: "", caption: "Versions", ...traits });
  const el = document.createElement("div");
  document.body.append(el);
  versions.render({ model, el } as never);
  const radio = (key: string) => el.querySelector(`input[value="${key}"]`) as HTMLInputElement;
  return { el, model, radio };
}

test("the preset is checked until another is chosen, and the choice is told", () => {
  const { radio, model } = shown({ cards: [card("v4", { live: true }), card("v3"), card("v2")], preset: "v3" });
  expect(radio("v4")).toBeNull(); // what is live is no choice
  expect(radio("v3").checked).toBe(true);
  radio("v2").checked = true;
  radio("v2").dispatchEvent(new Event("change"));
  expect(model.get("selected")).toBe("v2");
  expect(model.save_changes).toHaveBeenCalledOnce();
  expect(radio("v3").checked).toBe(false);
});

test("one that can't be chosen says why, and what is not among the first is folded", () => {
  const { el, radio } = shown({ cards: [card("v3"), card("v1", { off: "its build failed", first: false })] });
  expect(radio("v1").disabled).toBe(true);
  expect(el.querySelector("details")?.textContent).toContain("Can't be chosen: its build failed");
  expect(el.querySelector("summary")?.textContent).toMatch(/^1 more/);
});

test("focus stays on its version when all are read again; a text is text", () => {
  const { el, model, radio } = shown({ cards: [card("v3"), card("v2", { lines: ["<img src=x>"] })] });
  radio("v2").focus();
  model.set("cards", [card("v4"), card("v3"), card("v2", { lines: ["<img src=x>"] })]);
  expect(document.activeElement).toBe(radio("v2"));
  expect(el.querySelector("img")).toBeNull();
});
