// A button that can be reached while it is off, and says beside itself what is missing.
import type { RenderProps } from "@anywidget/types";

interface Traits {
  description: string;
  disabled: boolean;
  missing: string;
  primary: boolean;
}

let count = 0;

function render({ model, el }: RenderProps<Traits>): () => void {
  const button = document.createElement("button");
  const missing = document.createElement("span");
  count += 1;
  missing.id = `createos-missing-${count}-${Math.random().toString(36).slice(2)}`;
  missing.className = "createos-missing";
  missing.setAttribute("role", "status");
  button.type = "button";
  el.classList.add("createos-action");
  el.append(missing, button);

  const update = (): void => {
    const off = model.get("disabled");
    const text = off ? model.get("missing") : "";
    button.textContent = model.get("description");
    button.className = `createos-button${model.get("primary") ? " createos-primary" : ""}`;
    button.setAttribute("aria-disabled", String(off));
    if (missing.textContent !== text) missing.textContent = text;
    missing.hidden = !text;
    if (text) button.setAttribute("aria-describedby", missing.id);
    else button.removeAttribute("aria-describedby");
  };
  button.addEventListener("click", () => {
    // the kernel decides: what was typed just now may be on its way, so that the button is on there already
    model.send({ pressed: true });
    const text = model.get("missing");
    if (!model.get("disabled") || !text) return;
    // what is missing is seen, and read out, once more
    missing.textContent = "";
    missing.classList.remove("createos-again");
    requestAnimationFrame(() => {
      missing.classList.add("createos-again");
      update();
    });
  });
  missing.addEventListener("animationend", () => missing.classList.remove("createos-again"));
  model.on("change", update);
  update();
  return () => model.off("change", update);
}

export default { render };
