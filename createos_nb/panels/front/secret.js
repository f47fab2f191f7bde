// Secrets between a person and the kernel: sent in messages alone, which no notebook keeps, never in the widget's state.
let made = 0;

function button(text, label, pressed) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "createos-copy";
  element.textContent = text;
  element.setAttribute("aria-label", label);
  element.addEventListener("click", pressed);
  return element;
}

// A password field that hands over what was typed and is empty at once.
function field({ model, el }) {
  const id = `createos-secret-${(made += 1)}-${Math.random().toString(36).slice(2)}`;
  const label = document.createElement("label");
  label.htmlFor = id;
  const input = document.createElement("input");
  input.type = "password";
  input.id = id;
  input.autocomplete = "new-password";
  input.spellcheck = false;
  const summary = document.createElement("span");
  summary.className = "createos-quiet";
  summary.setAttribute("role", "status");
  const clear = button("Clear", "Clear the value", () => { input.value = ""; model.send({ forget: true }); });
  el.append(label, input, summary, clear);

  function give(text) {
    input.value = "";
    model.send({ secret: text });
  }
  function look() {
    label.textContent = model.get("description");
    clear.setAttribute("aria-label", `Clear ${model.get("description")}`);
    input.placeholder = model.get("placeholder");
    input.disabled = model.get("disabled");
    summary.textContent = model.get("summary");
    clear.hidden = !model.get("has_value");
  }
  input.addEventListener("change", () => { if (input.value) give(input.value); });
  input.addEventListener("paste", (event) => {
    // a field of one line would take the line breaks out of a key in many
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!/[\r\n]/.test(text.trimEnd())) return;
    event.preventDefault();
    give(text);
  });
  model.on("change", look);
  look();
  return () => { input.value = ""; };
}

// Shows a value for some seconds; then it is gone from the page.
function reveal({ model, el }) {
  let timer = null;
  el.setAttribute("role", "group");

  function hide() {
    clearInterval(timer);
    timer = null;
    el.replaceChildren();
    el.hidden = true;
  }
  function show({ name, shown, secret, seconds }) {
    hide();
    let left = seconds;
    el.setAttribute("aria-label", name);
    const title = document.createElement("b");
    title.textContent = name;
    const value = document.createElement("code");
    value.textContent = shown;
    const copy = button("Copy", `Copy ${name}`, async () => {
      try {
        await navigator.clipboard.writeText(secret);
        copy.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(value); // no clipboard without https or permission
        copy.textContent = "Selected: copy it";
      }
      setTimeout(() => { copy.textContent = "Copy"; }, 2000);
    });
    const away = button("Hide", `Hide ${name}`, hide);
    const rest = document.createElement("span");
    rest.className = "createos-left";
    const count = () => { rest.textContent = `hidden again in ${left} s`; };
    count();
    el.append(title, value, copy, away, rest);
    el.hidden = false;
    copy.focus();
    timer = setInterval(() => { left -= 1; if (left <= 0) hide(); else count(); }, 1000);
  }
  function told(content) {
    if (content.hide) hide();
    else show(content);
  }
  hide();
  model.on("msg:custom", told);
  return () => { model.off("msg:custom", told); hide(); };
}

function render(context) {
  const kind = context.model.get("kind");
  context.el.classList.add(`createos-${kind}`);
  return kind === "secret" ? field(context) : reveal(context);
}

export default { render };
