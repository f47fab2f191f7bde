// The bar above the panels: whose account it is, what is shown, and whether this page may change anything.

export interface Words {
  account: string;
  simulated: boolean;
  name: string;
}

export interface Bar {
  el: HTMLElement;
  welcome(words: Words): void;
  state(page: string, readOnly: boolean): void;
}

export interface Acts {
  page(name: string): void;
  allow(account: string | null): void;
}

const PAGES: [string, string][] = [["fleet", "Fleet"], ["changes", "Changes"]];

function element<K extends keyof HTMLElementTagNameMap>(tag: K, classes = "", words = ""): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  el.className = classes;
  el.textContent = words;
  return el;
}

function button(classes: string, words: string, act: () => void): HTMLButtonElement {
  const el = element("button", classes, words);
  el.type = "button";
  el.addEventListener("click", act);
  return el;
}

/** The question before anything can be changed: it names the account, and what follows. */
function question(words: () => Words, allow: () => void): HTMLDialogElement {
  const dialog = element("dialog", "dash-dialog");
  const title = element("h2");
  title.id = "dash-allow";
  dialog.setAttribute("aria-labelledby", title.id);
  const text = element("p");
  const only = element("p", "dash-quiet", "Only this page is switched. It ends when you switch it back, or close the page.");
  const buttons = element("div", "dash-buttons");
  const stay = button("dash-button", "Stay read-only", () => dialog.close());
  const yes = button("dash-button dash-primary", "", () => { dialog.close(); allow(); });
  stay.autofocus = true;
  buttons.append(stay, yes);
  dialog.append(title, text, only, buttons);
  dialog.addEventListener("toggle", () => {
    const { account, simulated, name } = words();
    const what = simulated ? `the simulated world${name ? ` ${name}` : ""} of ${account}` : `the account ${account} on the platform`;
    title.textContent = `Allow changes to ${account}?`;
    text.textContent = `From this page, plans can then be applied to ${what}: deploy, roll back, scale, set variables, route domains. Each still shows its plan, and asks before it writes.`;
    yes.textContent = `Allow changes to ${account}`;
  });
  return dialog;
}

export function makeBar(acts: Acts): Bar {
  let words: Words = { account: "", simulated: true, name: "" };
  let readOnly = true;
  const el = element("header", "dash-bar");
  const brand = element("strong", "dash-brand", "CreateOS");
  const source = element("span", "dash-tag");
  const account = element("span", "dash-account");
  const pages = element("nav", "dash-pages");
  pages.setAttribute("aria-label", "Pages");
  const links = PAGES.map(([name, shown]) => {
    const one = button("dash-link", shown, () => acts.page(name));
    one.dataset.page = name;
    return one;
  });
  pages.append(...links);
  const mode = element("span", "dash-mode");
  mode.setAttribute("role", "status");
  const dialog = question(() => words, () => acts.allow(words.account));
  const change = button("dash-button", "", () => {
    if (readOnly) dialog.showModal();
    else acts.allow(null);
  });
  change.hidden = true;
  el.append(brand, source, account, pages, mode, change, dialog);
  return {
    el,
    welcome(given) {
      words = given;
      source.textContent = given.simulated ? `Simulator${given.name ? ` · ${given.name}` : ""}` : "Platform";
      source.classList.toggle("dash-platform", !given.simulated);
      account.textContent = given.account;
    },
    state(page, only) {
      readOnly = only;
      for (const link of links) {
        if (link.dataset.page === page) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
      mode.textContent = only ? "Read-only" : `Changes allowed on ${words.account}`;
      mode.classList.toggle("dash-open", !only);
      change.textContent = only ? "Allow changes …" : "Back to read-only";
      change.hidden = false;
    },
  };
}
