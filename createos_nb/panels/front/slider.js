// A native slider: named for readers of screens, moved by the keyboard, its value beside it.
let made = 0;

function render({ model, el }) {
  const id = `createos-slider-${(made += 1)}-${Math.random().toString(36).slice(2)}`;
  el.classList.add("createos-slider");
  const label = document.createElement("label");
  label.htmlFor = id;
  const slider = document.createElement("input");
  slider.type = "range";
  slider.id = id;
  const said = document.createElement("output");
  said.htmlFor = id;
  el.append(label, slider, said);

  function words(value) {
    const unit = model.get("unit");
    const before = model.get("before");
    return `${value}${unit ? ` ${unit}` : ""}${before !== null && before !== value ? ` (now ${before})` : ""}`;
  }
  function look() {
    label.textContent = model.get("description");
    slider.min = model.get("min");
    slider.max = model.get("max");
    slider.step = model.get("step");
    slider.value = model.get("value");
    slider.disabled = model.get("disabled");
    slider.setAttribute("aria-valuetext", words(model.get("value")));
    said.textContent = words(model.get("value"));
  }
  slider.addEventListener("input", () => { said.textContent = words(Number(slider.value)); });
  slider.addEventListener("change", () => {
    model.set("value", Number(slider.value));
    model.save_changes();
  });
  model.on("change", look);
  look();
}

export default { render };
