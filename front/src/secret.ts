// Secret fields: values travel in custom messages, which no notebook saves, never in the state of a widget.
import type { AnyModel, RenderProps } from "@anywidget/types";
import { button, copyButton, uniqueId } from "./elements";

interface Traits {
  kind: "secret" | "reveal";
  description: string;
  placeholder: string;
  disabled: boolean;
  has_value: boolean;
  summary: string;
}

/** A value to show. */
interface Shown {
  name: string;
  displayed: string;
  secret: string;
  seconds: number;
}

type Message = Shown | { hide: true };

/** A password field that sends what was typed and is empty at once. */
function field(model: AnyModel<Traits>, el: HTMLElement): () => void {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "password";
  input.id = uniqueId("secret");
  input.autocomplete = "new-password";
  input.spellcheck = false;
  label.htmlFor = input.id;
  const summary = document.createElement("span");
  summary.className = "createos-muted";
  summary.setAttribute("role", "status");
  const forget = (): void => {
    input.value = "";
    model.send({ forget: true });
  };
  const clear = button("Clear", "createos-copy", forget, "Clear the value");
  el.append(label, input, summary, clear);

  function send(text: string): void {
    input.value = "";
    model.send({ secret: text });
  }
  function update(): void {
    label.textContent = model.get("description");
    clear.setAttribute("aria-label", `Clear ${model.get("description")}`);
    input.placeholder = model.get("placeholder");
    input.disabled = model.get("disabled");
    summary.textContent = model.get("summary");
    clear.hidden = !model.get("has_value");
  }
  input.addEventListener("change", () => {
    if (input.value) send(input.value);
  });
  input.addEventListener("paste", (event) => {
    // an input of one line would remove the line breaks of a key with several lines
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!/[\r\n]/.test(text.trimEnd())) return;
    event.preventDefault();
    send(text);
  });
  model.on("change", update);
  update();
  return () => {
    input.value = "";
  };
}

/** Shows a value for some seconds, then removes it from the page. */
function reveal(model: AnyModel<Traits>, el: HTMLElement): () => void {
  let timer: ReturnType<typeof setInterval> | undefined;
  el.setAttribute("role", "group");

  function hide(): void {
    clearInterval(timer);
    timer = undefined;
    el.replaceChildren();
    el.hidden = true;
  }
  function show({ name, displayed, secret, seconds }: Shown): void {
    hide();
    let left = seconds;
    el.setAttribute("aria-label", name);
    const title = document.createElement("b");
    title.textContent = name;
    const value = document.createElement("code");
    value.textContent = displayed;
    const copy = copyButton(`Copy ${name}`, secret, () => {
      getSelection()?.selectAllChildren(value);
      return "Selected: copy it";
    });
    const hideButton = button("Hide", "createos-copy", hide, `Hide ${name}`);
    const countdown = document.createElement("span");
    countdown.className = "createos-countdown";
    const count = (): void => {
      countdown.textContent = `hidden again in ${left} s`;
    };
    count();
    el.append(title, value, copy, hideButton, countdown);
    el.hidden = false;
    copy.focus();
    timer = setInterval(() => {
      left -= 1;
      if (left <= 0) hide();
      else count();
    }, 1000);
  }
  function onMessage(content: Message): void {
    if ("hide" in content) hide();
    else show(content);
  }
  hide();
  model.on("msg:custom", onMessage);
  return () => {
    model.off("msg:custom", onMessage);
    hide();
  };
}

function render({ model, el }: RenderProps<Traits>): () => void {
  const kind = model.get("kind");
  el.classList.add(`createos-${kind}`);
  return kind === "secret" ? field(model, el) : reveal(model, el);
}

export default { render };
