// A native slider: named for screen readers, usable with the keyboard, with its value beside it.
import type { RenderProps } from "@anywidget/types";
import { uniqueId } from "./elements";

interface Traits {
  value: number;
  min: number;
  max: number;
  step: number;
  description: string;
  unit: string;
  /** The current value on the platform, or null. */
  before: number | null;
  disabled: boolean;
}

function render({ model, el }: RenderProps<Traits>): void {
  el.classList.add("createos-slider");
  const label = document.createElement("label");
  const slider = document.createElement("input");
  slider.type = "range";
  slider.id = uniqueId("slider");
  label.htmlFor = slider.id;
  const output = document.createElement("output");
  output.setAttribute("for", slider.id);
  el.append(label, slider, output);

  function describe(value: number): string {
    const unit = model.get("unit");
    const before = model.get("before");
    return `${value}${unit ? ` ${unit}` : ""}${before !== null && before !== value ? ` (now ${before})` : ""}`;
  }
  function update(): void {
    label.textContent = model.get("description");
    slider.min = String(model.get("min"));
    slider.max = String(model.get("max"));
    slider.step = String(model.get("step"));
    slider.value = String(model.get("value"));
    slider.disabled = model.get("disabled");
    slider.setAttribute("aria-valuetext", describe(model.get("value")));
    output.textContent = describe(model.get("value"));
  }
  slider.addEventListener("input", () => {
    output.textContent = describe(Number(slider.value));
  });
  slider.addEventListener("change", () => {
    model.set("value", Number(slider.value));
    model.save_changes();
  });
  model.on("change", update);
  update();
}

export default { render };
