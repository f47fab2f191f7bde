// What narrows a table down: a filter, and buttons with the words of a column and how often each stands there.
import { button } from "./elements";
import { icon, textOf, type Row, type State } from "./grid_cells";

/** Fewer rows need no filter. */
const FEW = 8;
/** The order of statuses, trouble first; other words come after them. */
const ORDER = ["Down", "Degraded", "Pending", "Unknown", "Asleep", "OK"];
const SEARCH =
  '<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" ' +
  'aria-hidden="true"><circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5L14 14"/></svg>';

export interface Tools {
  el: HTMLElement;
  find: HTMLInputElement;
  /** The rows that the filter and the chosen word leave. */
  narrowed(rows: readonly Row[]): Row[];
  /** Draws the words and the count anew. */
  draw(rows: readonly Row[], visible: number, icons: Record<string, string>): void;
  clear(): void;
}

/** How often each word stands in a column, in the order in which people look. */
export function counted(rows: readonly Row[], at: number): { state: State; count: number }[] {
  const words = new Map<string, { state: State; count: number }>();
  for (const row of rows) {
    const cell = row.cells[at];
    const state = cell !== null && typeof cell === "object" && !Array.isArray(cell) ? (cell as State) : { text: textOf(cell) };
    const known = words.get(state.text) ?? { state, count: 0 };
    known.count += 1;
    words.set(state.text, known);
  }
  const place = (word: string): number => (ORDER.includes(word) ? ORDER.indexOf(word) : ORDER.length);
  return [...words.values()].sort((a, b) => place(a.state.text) - place(b.state.text));
}

/**
 * Makes the tools of a table. `at` is the column of words, -1 for none; `noun` is what the rows are; `onChange` is
 * called when other rows are to be shown.
 */
export function toolsOf(at: () => number, noun: () => string, onChange: () => void): Tools {
  const el = document.createElement("div");
  el.className = "createos-grid-tools";
  const words = document.createElement("div");
  words.className = "createos-chips";
  words.setAttribute("role", "group");
  words.setAttribute("aria-label", "Show");
  const label = document.createElement("label");
  label.className = "createos-find";
  label.insertAdjacentHTML("afterbegin", SEARCH);
  const find = document.createElement("input");
  find.type = "search";
  find.placeholder = "Filter";
  find.setAttribute("aria-label", "Filter");
  label.append(find);
  const count = document.createElement("span");
  count.className = "createos-count";
  count.setAttribute("role", "status");
  el.append(words, label, count);
  let only = "";

  function chip(text: string, word: string, state: State | null, icons: Record<string, string>): HTMLElement {
    const element = button("", "createos-chip", () => {
      only = only === word ? "" : word;
      onChange();
      words.querySelector<HTMLElement>(`[data-word="${CSS.escape(only)}"]`)?.focus();
    });
    const shape = icon(state?.icon ? icons[state.icon] : undefined);
    if (shape) {
      shape.classList.add(`createos-is-${state?.color ?? ""}`);
      element.append(shape);
    }
    element.append(text);
    element.dataset["word"] = word;
    element.setAttribute("aria-pressed", String(only === word));
    return element;
  }

  function drawWords(rows: readonly Row[], icons: Record<string, string>): void {
    const known = at() < 0 ? [] : counted(rows, at());
    const said = JSON.stringify([known, only]);
    words.hidden = known.length === 0;
    if (words.dataset["said"] === said) return;
    words.dataset["said"] = said;
    const named = known.map(({ state, count: times }) =>
      chip(`${times} ${state.text === "OK" ? "OK" : state.text.toLowerCase()}`, state.text, state, icons),
    );
    words.replaceChildren(chip(`All ${rows.length}`, "", null, icons), ...named);
  }

  function narrowed(rows: readonly Row[]): Row[] {
    const query = find.value.trim().toLowerCase();
    if (only && !rows.some((row) => textOf(row.cells[at()]) === only)) only = "";
    return rows.filter(
      ({ cells }) =>
        (!only || textOf(cells[at()]) === only) &&
        (!query || cells.some((cell) => textOf(cell).toLowerCase().includes(query))),
    );
  }

  function draw(rows: readonly Row[], visible: number, icons: Record<string, string>): void {
    const hasWords = at() >= 0;
    drawWords(rows, icons);
    const all = `${rows.length} ${noun()}`;
    count.textContent = visible === rows.length ? all : `${visible} of ${all}`;
    count.classList.toggle("createos-unseen", hasWords);
    el.hidden = rows.length < (hasWords ? 1 : FEW) && !find.value;
    label.hidden = rows.length < FEW && !find.value;
  }

  find.addEventListener("input", onChange);
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !find.value) return;
    find.value = "";
    onChange();
  });
  const clear = (): void => {
    find.value = "";
    only = "";
    onChange();
  };
  return { el, find, narrowed, draw, clear };
}
