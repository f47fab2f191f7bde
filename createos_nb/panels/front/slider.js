// A native slider: named for screen readers, usable with the keyboard, with its value beside it.
let sliderCount = 0;

function render({ model, el }) {
  const id = `createos-slider-${(sliderCount += 1)}-${Math.random().toString(36).slice(2)}`;
  el.classList.add("createos-slider");
  const label = document.createElement("label");
  label.htmlFor = id;
  const slider = document.createElement("input");
  slider.type = "range";
  slider.id = id;
  const output = document.createElement("output");
  output.htmlFor = id;
  el.append(label, slider, output);

  function describe(value) {
    const unit = model.get("unit");
    const before = model.get("before");
    return `${value}${unit ? ` ${unit}` : ""}${before !== null && before !== value ? ` (now ${before})` : ""}`;
  }
  function update() {
    label.textContent = model.get("description");
    slider.min = model.get("min");
    slider.max = model.get("max");
    slider.step = model.get("step");
    slider.value = model.get("value");
    slider.disabled = model.get("disabled");
    slider.setAttribute("aria-valuetext", describe(model.get("value")));
    output.textContent = describe(model.get("value"));
  }
  slider.addEventListener("input", () => { output.textContent = describe(Number(slider.value)); });
  slider.addEventListener("change", () => {
    model.set("value", Number(slider.value));
    model.save_changes();
  });
  model.on("change", update);
  update();
}

export default { render };
