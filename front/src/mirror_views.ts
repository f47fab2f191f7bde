// The widgets of ipywidgets as native elements, with the class names of ipywidgets: one style sheet holds in both.

export type State = Record<string, unknown>;

/** What a view does with what a hand changes. */
export interface Hand {
  set(name: string, value: unknown): void;
  click(): void;
}

export interface View {
  el: HTMLElement;
  /** Where the elements of children go. */
  box?: HTMLElement;
  update(changed: ReadonlySet<string>): void;
  dispose?(): void;
}

type Make = (state: State, hand: Hand) => View;

let count = 0;
const uid = (): string => `createos-mirror-${(count += 1)}`;
const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function element<K extends keyof HTMLElementTagNameMap>(tag: K, classes = ""): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  el.className = classes;
  return el;
}

function box(kind: string): Make {
  return () => {
    const el = element("div", `lm-Widget lm-Panel jupyter-widgets widget-container widget-box widget-${kind}`);
    return { el, box: el, update: () => {} };
  };
}

/** A row with a label before, as all controls have it. */
function labelled(classes: string, control: HTMLElement): { el: HTMLElement; label: (state: State) => void } {
  const el = element("div", `lm-Widget jupyter-widgets widget-inline-hbox ${classes}`);
  const label = element("label", "widget-label");
  control.id = uid();
  label.htmlFor = control.id;
  el.append(label, control);
  return {
    el,
    label(state) {
      const words = text(state.description);
      label.textContent = words;
      label.title = words;
      label.hidden = !words;
      const width = (state.style as State | undefined)?.description_width;
      label.style.width = width ? text(width) : "";
      if (words) control.removeAttribute("aria-label");
      else control.setAttribute("aria-label", text(state.tooltip) || text(state.placeholder));
      el.title = text(state.tooltip);
    },
  };
}

const html: Make = (state) => {
  const el = element("div", "lm-Widget jupyter-widgets widget-inline-hbox widget-html");
  const label = element("label", "widget-label");
  const content = element("div", "widget-html-content");
  el.append(label, content);
  let shown: unknown = null;
  return {
    el,
    update() {
      label.textContent = text(state.description);
      label.hidden = !label.textContent;
      if (shown === state.value) return;
      shown = state.value;
      content.innerHTML = text(shown); // the panels escape whatever came from elsewhere
    },
  };
};

const label: Make = (state) => {
  const el = element("div", "lm-Widget jupyter-widgets widget-inline-hbox widget-label");
  return { el, update: () => { el.textContent = text(state.value); } };
};

function paint(button: HTMLButtonElement, state: State): void {
  const words = text(state.description);
  if (button.textContent !== words) button.textContent = words;
  button.disabled = Boolean(state.disabled);
  button.title = text(state.tooltip);
  for (const style of ["primary", "success", "info", "warning", "danger"]) {
    button.classList.toggle(`mod-${style}`, state.button_style === style);
  }
}

const button: Make = (state, hand) => {
  const el = element("button", "lm-Widget jupyter-widgets jupyter-button widget-button");
  el.type = "button";
  el.addEventListener("click", () => hand.click());
  return { el, update: () => paint(el, state) };
};

const toggle: Make = (state, hand) => {
  const el = element("button", "lm-Widget jupyter-widgets jupyter-button widget-toggle-button");
  el.type = "button";
  el.addEventListener("click", () => hand.set("value", !state.value));
  return {
    el,
    update() {
      paint(el, state);
      el.classList.toggle("mod-active", Boolean(state.value));
      el.setAttribute("aria-pressed", String(Boolean(state.value)));
    },
  };
};

/** A field of text or of numbers; it sends when typing pauses, where the widget asks for it, or else when it is left. */
function field(classes: string, make: () => HTMLInputElement | HTMLTextAreaElement, number = false): Make {
  return (state, hand) => {
    const input = make();
    const { el, label: describe } = labelled(classes, input);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const send = (): void => {
      clearTimeout(timer);
      const value = number ? Number(input.value) : input.value;
      if (number && (input.value.trim() === "" || Number.isNaN(value))) return;
      if (value !== state.value) hand.set("value", value);
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      if (state.continuous_update && !number) timer = setTimeout(send, 120);
    });
    input.addEventListener("change", send);
    let options: HTMLDataListElement | undefined;
    return {
      el,
      update(changed) {
        describe(state);
        input.placeholder = text(state.placeholder);
        input.disabled = Boolean(state.disabled);
        if (number && input instanceof HTMLInputElement) {
          for (const name of ["min", "max", "step"] as const) input[name] = text(state[name]);
        }
        if (input instanceof HTMLTextAreaElement && state.rows) input.rows = Number(state.rows);
        if (Array.isArray(state.options) && changed.has("options") && input instanceof HTMLInputElement) {
          options ??= el.appendChild(element("datalist"));
          options.id ||= uid();
          input.setAttribute("list", options.id);
          options.replaceChildren(...state.options.map((option) => Object.assign(element("option"), { value: text(option) })));
        }
        if (changed.has("value") && input.value !== text(state.value)) input.value = text(state.value);
      },
      dispose: () => clearTimeout(timer),
    };
  };
}

function input(type: string): () => HTMLInputElement {
  return () => Object.assign(element("input"), { type, autocomplete: type === "password" ? "new-password" : "off" });
}

const checkbox: Make = (state, hand) => {
  const el = element("div", "lm-Widget jupyter-widgets widget-inline-hbox widget-checkbox");
  const around = element("label", "widget-label-basic");
  const input = Object.assign(element("input"), { type: "checkbox" });
  const words = element("span");
  around.append(input, words);
  el.append(around);
  input.addEventListener("change", () => hand.set("value", input.checked));
  return {
    el,
    update() {
      words.textContent = text(state.description);
      el.title = text(state.tooltip);
      input.disabled = Boolean(state.disabled);
      input.checked = Boolean(state.value);
    },
  };
};

function select(classes: string, multiple: boolean, rows: boolean): Make {
  return (state, hand) => {
    const control = element("select");
    control.multiple = multiple;
    const { el, label: describe } = labelled(classes, control);
    control.addEventListener("change", () => {
      const chosen = [...control.options].flatMap((option, at) => (option.selected ? [at] : []));
      hand.set("index", multiple ? chosen : (chosen[0] ?? null));
    });
    return {
      el,
      update(changed) {
        describe(state);
        control.disabled = Boolean(state.disabled);
        if (rows) control.size = Number(state.rows) || 5;
        if (changed.has("_options_labels")) {
          control.replaceChildren(
            ...list(state._options_labels).map((words) => Object.assign(element("option"), { textContent: text(words) })),
          );
        }
        const chosen = new Set(multiple ? list(state.index) : [state.index]);
        [...control.options].forEach((option, at) => { option.selected = chosen.has(at); });
        if (!multiple && (state.index === null || state.index === undefined)) control.selectedIndex = -1;
      },
    };
  };
}

/** One of several, as radio buttons or as buttons that stay pressed. */
function choice(classes: string, asButtons: boolean): Make {
  return (state, hand) => {
    const group = element("div", asButtons ? "" : "widget-radio-box");
    const { el, label: describe } = labelled(classes, group);
    const name = uid();
    group.setAttribute("role", asButtons ? "group" : "radiogroup");
    const made: { set(chosen: boolean, disabled: boolean): void }[] = [];
    function option(words: string, at: number): HTMLElement {
      if (asButtons) {
        const one = element("button", "lm-Widget jupyter-button widget-toggle-button");
        one.type = "button";
        one.textContent = words;
        one.addEventListener("click", () => hand.set("index", at));
        made.push({ set(chosen, disabled) {
          one.classList.toggle("mod-active", chosen);
          one.setAttribute("aria-pressed", String(chosen));
          one.disabled = disabled;
        } });
        return one;
      }
      const around = element("label");
      const one = Object.assign(element("input"), { type: "radio", name });
      one.addEventListener("change", () => { if (one.checked) hand.set("index", at); });
      around.append(one, words);
      made.push({ set(chosen, disabled) { one.checked = chosen; one.disabled = disabled; } });
      return around;
    }
    return {
      el,
      update(changed) {
        describe(state);
        group.setAttribute("aria-label", text(state.description));
        if (changed.has("_options_labels")) {
          made.length = 0;
          group.replaceChildren(...list(state._options_labels).map((words, at) => option(text(words), at)));
        }
        made.forEach((one, at) => one.set(state.index === at, Boolean(state.disabled)));
      },
    };
  };
}

const progress: Make = (state) => {
  const bar = element("progress");
  const { el, label: describe } = labelled("widget-hprogress", bar);
  return {
    el,
    update() {
      describe(state);
      const least = Number(state.min) || 0;
      bar.max = Math.max(1e-9, Number(state.max) - least);
      bar.value = Number(state.value) - least;
    },
  };
};

/** Boxes of which one is seen at a time, or which fold. */
function pages(kind: "accordion" | "tab" | "stack"): Make {
  return (state, hand) => {
    const el = element("div", `lm-Widget jupyter-widgets widget-container widget-${kind}`);
    const heads = element("div", `widget-${kind}-heads`);
    const inner = element("div", `widget-${kind}-contents`);
    if (kind !== "stack") el.append(heads);
    el.append(inner);
    return {
      el,
      box: inner,
      update() {
        const chosen = state.selected_index;
        heads.replaceChildren(...list(state.children).map((_, at) => {
          const one = element("button", "jupyter-button");
          one.type = "button";
          one.textContent = text(list(state.titles)[at]) || String(at + 1);
          one.setAttribute("aria-expanded", String(chosen === at));
          one.addEventListener("click", () => hand.set("selected_index", chosen === at && kind === "accordion" ? null : at));
          return one;
        }));
        [...inner.children].forEach((child, at) => { (child as HTMLElement).hidden = chosen !== at; });
      },
    };
  };
}

const VIEWS: Record<string, Make> = {
  BoxView: box("box"),
  HBoxView: box("hbox"),
  VBoxView: box("vbox"),
  GridBoxView: box("gridbox"),
  HTMLView: html,
  HTMLMathView: html,
  LabelView: label,
  ButtonView: button,
  ToggleButtonView: toggle,
  TextView: field("widget-text", input("text")),
  PasswordView: field("widget-text", input("password")),
  ComboboxView: field("widget-combobox widget-text", input("text")),
  TextareaView: field("widget-textarea", () => element("textarea")),
  IntTextView: field("widget-text", input("number"), true),
  FloatTextView: field("widget-text", input("number"), true),
  IntSliderView: field("widget-slider", input("range"), true),
  FloatSliderView: field("widget-slider", input("range"), true),
  CheckboxView: checkbox,
  DropdownView: select("widget-dropdown", false, false),
  SelectView: select("widget-select", false, true),
  SelectMultipleView: select("widget-select widget-select-multiple", true, true),
  RadioButtonsView: choice("widget-radio", false),
  ToggleButtonsView: choice("widget-toggle-buttons", true),
  ProgressView: progress,
  AccordionView: pages("accordion"),
  TabView: pages("tab"),
  StackView: pages("stack"),
};

/** The view of a widget; of a kind that is not known, a line that says so. */
export function makeView(kind: string, state: State, hand: Hand): View {
  const make = VIEWS[kind];
  if (make) return make(state, hand);
  const el = element("div", "createos-unknown-widget");
  el.textContent = `no view of ${kind.replace(/View$/, "")} here: open the panel in JupyterLab`;
  return { el, update: () => {} };
}
