// @vitest-environment happy-dom
import { expect, test } from "vitest";
import slider from "../src/slider";
import { fakeModel, rendered, type FakeModel } from "./model";

function model(): FakeModel {
  return fakeModel({ value: 2, min: 1, max: 5, step: 1, description: "Replicas", unit: "replicas", before: 2, disabled: false });
}

test("it is named, and its value stands beside it with what is there now", () => {
  const own = model();
  const { el } = rendered(slider, own);
  const input = el.querySelector("input") as HTMLInputElement;
  expect(el.querySelector("label")?.htmlFor).toBe(input.id);
  expect(el.querySelector("output")?.textContent).toBe("2 replicas");
  own.set("value", 4);
  expect(el.querySelector("output")?.textContent).toBe("4 replicas (now 2)");
  expect(input.getAttribute("aria-valuetext")).toBe("4 replicas (now 2)");
});

test("while it is moved nothing is sent, and when it is let go its value is", () => {
  const own = model();
  const { el } = rendered(slider, own);
  const input = el.querySelector("input") as HTMLInputElement;
  input.value = "5";
  input.dispatchEvent(new Event("input"));
  expect(own.get("value")).toBe(2);
  expect(el.querySelector("output")?.textContent).toBe("5 replicas (now 2)");
  input.dispatchEvent(new Event("change"));
  expect(own.get("value")).toBe(5);
  expect(own.save_changes).toHaveBeenCalledTimes(1);
});
