// Secret fields: values travel in custom messages, which no notebook saves, never in the state of a widget.
let fieldCount = 0;

function button(text, label, onClick) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "createos-copy";
  element.textContent = text;
  element.setAttribute("aria-label", label);
  element.addEventListener("click", onClick);
  return element;
}

// A password field that sends what was typed and is empty at once.
function field({ model, el }) {
  const id = `createos-secret-${(fieldCount += 1)}-${Math.random().toString(36).slice(2)}`;
  const label = document.createElement("label");
  label.htmlFor = id;
  const input = document.createElement("input");
  input.type = "password";
  input.id = id;
  input.autocomplete = "new-password";
  input.spellcheck = false;
  const summary = document.createElement("span");
  summary.className = "createos-muted";
  summary.setAttribute("role", "status");
  const clear = button("Clear", "Clear the value", () => { input.value = ""; model.send({ forget: true }); });
  el.append(label, input, summary, clear);

  function send(text) {
    input.value = "";
    model.send({ secret: text });
  }
  function update() {
    label.textContent = model.get("description");
    clear.setAttribute("aria-label", `Clear ${model.get("description")}`);
    input.placeholder = model.get("placeholder");
    input.disabled = model.get("disabled");
    summary.textContent = model.get("summary");
    clear.hidden = !model.get("has_value");
  }
  input.addEventListener("change", () => { if (input.value) send(input.value); });
  input.addEventListener("paste", (event) => {
    // an input of one line would remove the line breaks of a key with several lines
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!/[\r\n]/.test(text.trimEnd())) return;
    event.preventDefault();
    send(text);
  });
  model.on("change", update);
  update();
  return () => { input.value = ""; };
}

// Shows a value for some seconds, then removes it from the page.
function reveal({ model, el }) {
  let timer = null;
  el.setAttribute("role", "group");

  function hide() {
    clearInterval(timer);
    timer = null;
    el.replaceChildren();
    el.hidden = true;
  }
  function show({ name, displayed, secret, seconds }) {
    hide();
    let secondsLeft = seconds;
    el.setAttribute("aria-label", name);
    const title = document.createElement("b");
    title.textContent = name;
    const value = document.createElement("code");
    value.textContent = displayed;
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
    const hideButton = button("Hide", `Hide ${name}`, hide);
    const countdown = document.createElement("span");
    countdown.className = "createos-countdown";
    const count = () => { countdown.textContent = `hidden again in ${secondsLeft} s`; };
    count();
    el.append(title, value, copy, hideButton, countdown);
    el.hidden = false;
    copy.focus();
    timer = setInterval(() => { secondsLeft -= 1; if (secondsLeft <= 0) hide(); else count(); }, 1000);
  }
  function onMessage(content) {
    if (content.hide) hide();
    else show(content);
  }
  hide();
  model.on("msg:custom", onMessage);
  return () => { model.off("msg:custom", onMessage); hide(); };
}

function render(context) {
  const kind = context.model.get("kind");
  context.el.classList.add(`createos-${kind}`);
  return kind === "secret" ? field(context) : reveal(context);
}

export default { render };
