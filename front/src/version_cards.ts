// Versions as cards, of which one is chosen: a group of radio buttons, so that Tab, arrows and Space work by themselves.
import type { RenderProps } from "@anywidget/types";
import { uniqueId } from "./elements";

export interface Card {
  key: string;
  title: string;
  /** Small framed words: what it says, and "" or "accent". */
  tags: { text: string; kind: string }[];
  /** Its share of server errors, in words. */
  figure: string;
  bad: boolean;
  lines: string[];
  /** Why it can't be chosen, "" where it can. */
  off: string;
  /** Whether it is what is live, which is no choice. */
  live: boolean;
  /** Whether it stands with the few that are shown at once. */
  first: boolean;
}

interface Traits {
  cards: Card[];
  selected: string;
  /** The one that is taken where none is chosen. */
  preset: string;
  caption: string;
}

function span(text: string, className: string): HTMLSpanElement {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

function render({ model, el }: RenderProps<Traits>): () => void {
  const name = uniqueId("versions");
  const group = document.createElement("div");
  const shown = document.createElement("div");
  const rest = document.createElement("details");
  const summary = document.createElement("summary");
  const others = document.createElement("div");
  group.setAttribute("role", "radiogroup");
  shown.className = others.className = "createos-candidates";
  rest.append(summary, others);
  group.append(shown, rest);
  el.append(group);
  let inputs: HTMLInputElement[] = [];

  function cardOf(card: Card): HTMLElement {
    const element = document.createElement(card.live ? "div" : "label");
    element.className = `createos-candidate${card.live ? " createos-candidate-live" : ""}${card.off ? " createos-candidate-off" : ""}`;
    const head = document.createElement("span");
    head.className = "createos-candidate-head";
    const title = span(card.title, "createos-candidate-title");
    title.id = uniqueId("version");
    if (card.live) head.append(span("", `createos-dot${card.bad ? " createos-dot-bad" : ""}`));
    else {
      const input = document.createElement("input");
      input.type = "radio";
      input.name = name;
      input.value = card.key;
      input.disabled = card.off !== "";
      input.setAttribute("aria-labelledby", title.id);
      input.addEventListener("change", () => {
        model.set("selected", card.key);
        model.save_changes();
      });
      inputs.push(input);
      head.append(input);
    }
    const tags = card.tags.map(({ text, kind }) => span(text, `createos-tag${kind ? ` createos-tag-${kind}` : ""}`));
    head.append(title, span(card.figure, `createos-candidate-figure${card.bad ? " createos-is-down" : ""}`));
    element.append(head);
    if (tags.length) {
      const row = span("", "createos-candidate-tags");
      row.append(...tags);
      element.append(row);
    }
    element.append(...card.lines.map((line) => span(line, "createos-candidate-line")));
    if (card.off) element.append(span(`Can't be chosen: ${card.off}`, "createos-candidate-line"));
    return element;
  }

  const choose = (): void => {
    const chosen = model.get("selected") || model.get("preset");
    for (const input of inputs) {
      input.checked = input.value === chosen;
      input.closest(".createos-candidate")?.classList.toggle("createos-candidate-chosen", input.checked);
    }
  };
  const draw = (): void => {
    const focused = inputs.find((input) => input === document.activeElement)?.value;
    inputs = [];
    group.setAttribute("aria-label", model.get("caption"));
    const cards = model.get("cards");
    shown.replaceChildren(...cards.filter(({ first }) => first).map(cardOf));
    const more = cards.filter(({ first }) => !first);
    others.replaceChildren(...more.map(cardOf));
    rest.hidden = !more.length;
    summary.textContent = `${more.length} more: older, or not known to have been healthy`;
    choose();
    if (focused !== undefined) inputs.find((input) => input.value === focused)?.focus();
  };
  model.on("change:cards", draw);
  model.on("change:selected", choose);
  model.on("change:preset", choose);
  draw();
  return () => {
    model.off("change:cards", draw);
    model.off("change:selected", choose);
    model.off("change:preset", choose);
  };
}

export default { render };
