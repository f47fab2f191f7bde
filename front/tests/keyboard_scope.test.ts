// @vitest-environment happy-dom
import { expect, test, vi } from "vitest";
import scope from "../src/keyboard_scope";

async function scoped(): Promise<{ panel: HTMLElement; field: HTMLElement; heard: ReturnType<typeof vi.fn> }> {
  const notebook = document.createElement("div");
  const panel = document.createElement("div");
  const field = document.createElement("input");
  const el = document.createElement("div");
  panel.className = "createos-panel";
  panel.append(el, field);
  notebook.append(panel);
  const heard = vi.fn();
  notebook.addEventListener("keydown", heard);
  scope.render({ el } as never);
  await new Promise((done) => requestAnimationFrame(done));
  return { panel, field, heard };
}

test("keys that are pressed in a panel do not reach the notebook", async () => {
  const { field, heard } = await scoped();
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  expect(heard).not.toHaveBeenCalled();
});

test("JupyterLab is told that its shortcuts rest there, and nothing is shown", async () => {
  const { panel } = await scoped();
  expect(panel.getAttribute("data-lm-suppress-shortcuts")).toBe("true");
  expect(panel.firstElementChild).toHaveProperty("hidden", true);
});

test("Notebook, which looks at what has the focus first, is told there, too", async () => {
  const { field } = await scoped();
  expect(field.hasAttribute("data-lm-suppress-shortcuts")).toBe(false);
  field.dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
  expect(field.getAttribute("data-lm-suppress-shortcuts")).toBe("true");
});
