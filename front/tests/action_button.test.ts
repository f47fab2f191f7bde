// @vitest-environment happy-dom
import { expect, test } from "vitest";
import action from "../src/action_button";
import { fakeModel } from "./model";

function shown(traits: Record<string, unknown>) {
  const model = fakeModel({ description: "Roll back to v3", disabled: false, missing: "", primary: true, ...traits });
  const el = document.createElement("div");
  document.body.append(el);
  action.render({ model, el } as never);
  const button = el.querySelector("button") as HTMLButtonElement;
  return { el, model, button, missing: el.querySelector(".createos-missing") as HTMLElement };
}

test("it is pressed once a click, and sends no more than that", () => {
  const { button, model } = shown({});
  button.click();
  expect(model.send.mock.calls).toEqual([[{ pressed: true }]]);
  expect(button.getAttribute("aria-disabled")).toBe("false");
});

test("while something is missing it says what, can be focused, and says it again when it is pressed", async () => {
  const { button, model, missing } = shown({ disabled: true, missing: "To roll back, write a reason." });
  button.focus();
  expect(document.activeElement).toBe(button);
  expect(button.disabled).toBe(false);
  expect(button.getAttribute("aria-describedby")).toBe(missing.id);
  button.click();
  expect(missing.textContent).toBe("");
  await new Promise((done) => requestAnimationFrame(done));
  expect(missing.textContent).toBe("To roll back, write a reason.");
  expect(model.send).toHaveBeenCalledOnce(); // the kernel knows whether it is still missing
  model.set("disabled", false);
  expect(missing.hidden).toBe(true);
  expect(button.hasAttribute("aria-describedby")).toBe(false);
});

test("a label is text", () => {
  const { button } = shown({ description: "<img src=x>" });
  expect(button.children.length).toBe(0);
  expect(button.textContent).toBe("<img src=x>");
});
