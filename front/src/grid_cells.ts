// What a column is, and how a value of it is drawn in its cell: every text is set as text.
import { copyButton } from "./elements";
import { spark } from "./spark";

export interface Column {
  name: string;
  label: string;
  kind: "text" | "time" | "number" | "state" | "status" | "entry" | "errors" | "spark" | "copy";
  /** Where columns have fixed widths: in CSS. */
  width?: string;
  /** It is shown only where there is much room. */
  wide?: boolean;
}

/** A state: its word, and where that is known its icon and its colour. */
export interface State {
  text: string;
  icon?: string;
  color?: string;
}

/** What a row is about, or a figure with a word on it: two lines. */
export interface Entry {
  text?: string;
  quiet?: string;
  below?: string;
  narrow?: string;
  hint?: string;
  /** The name of an icon before the second line. */
  icon?: string;
}

/** A share of requests that failed: over time, and against another time. */
export interface Errors {
  text: string;
  change?: string;
  worse?: boolean;
  values?: (number | null)[];
  before?: number | null;
  trouble?: boolean;
}

export type Cell = string | null | (number | null)[] | State | Entry | Errors;

export interface Row {
  key: string;
  /** Its name, for screen readers. */
  name: string;
  /** Why it can't be chosen, "" where it can. */
  off: string;
  cells: Cell[];
  sort: (number | string | null)[];
}

/** A text that is longer gets a wider cell. */
const LONG = 40;
const STATUS: readonly string[] = ["state", "status"];

/** All that a cell says, in one text: what the filter looks through. */
export function textOf(cell: Cell | undefined): string {
  if (typeof cell === "string") return cell;
  if (cell === null || cell === undefined || Array.isArray(cell)) return "";
  const entry = cell as Entry;
  return `${entry.text ?? ""}${entry.quiet ?? ""} ${entry.below ?? ""}`.trimEnd();
}

function part(className: string, text: string, tag = "span"): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** An icon of the kernel's, which are drawn from a list of its own and hold nothing of the platform. */
export function icon(markup: string | undefined): Element | null {
  if (!markup) return null;
  const template = document.createElement("template");
  template.innerHTML = markup;
  return template.content.firstElementChild;
}

/** A state as icon and word, in its colour. */
export function stateOf(cell: State, icons: Record<string, string>): HTMLElement {
  const state = part(cell.color ? `createos-state createos-is-${cell.color}` : "", "");
  const shape = icon(cell.icon ? icons[cell.icon] : undefined);
  if (shape) state.append(shape);
  state.append(part("", cell.text));
  return state;
}

function entry(cell: HTMLElement, value: Entry, icons: Record<string, string>): void {
  const first = part("createos-first", "", "div");
  first.append(part("createos-name", value.text ?? "–"));
  if (value.quiet) first.append(part("createos-quiet", value.quiet));
  cell.replaceChildren(first);
  if (value.below) {
    const below = part("createos-below", value.below, "div");
    const shape = icon(value.icon ? icons[value.icon] : undefined);
    if (shape) below.prepend(shape);
    cell.append(below);
  }
  if (value.narrow) cell.append(part("createos-narrow-line", value.narrow, "div"));
  cell.title = value.hint ?? value.below ?? "";
}

function errors(cell: HTMLElement, value: Errors): void {
  const figures = part("createos-shares", "", "div");
  const strong = value.trouble ? " createos-bad" : value.values ? "" : " createos-quiet";
  figures.append(part(`createos-share${strong}`, value.text, "div"));
  if (value.change) {
    const worse = value.worse && value.trouble;
    figures.append(part(`createos-points${worse ? " createos-bad" : ""}`, `${worse ? "▲ " : ""}${value.change}`, "div"));
  }
  cell.replaceChildren(figures);
  if (!value.values?.some((one) => one !== null)) return;
  const drawn = spark(value.values, { before: value.before ?? null, unit: " %", filled: value.trouble === true });
  drawn.classList.toggle("createos-spark-bad", value.trouble === true);
  cell.prepend(drawn);
}

/** Draws a value; nothing where it is what stands there. */
export function fill(cell: HTMLElement, column: Column, value: Cell | undefined, icons: Record<string, string>): void {
  const serialized = JSON.stringify(value ?? null);
  if (cell.dataset["value"] === serialized) return;
  cell.dataset["value"] = serialized;
  if (Array.isArray(value) || column.kind === "spark") {
    cell.replaceChildren(spark(Array.isArray(value) ? value : []));
  } else if (value !== null && typeof value === "object") {
    if (column.kind === "entry") entry(cell, value as Entry, icons);
    else if (column.kind === "errors") errors(cell, value as Errors);
    else if (STATUS.includes(column.kind)) cell.replaceChildren(stateOf(value as State, icons));
  } else if (column.kind === "copy") {
    const text = value ?? "";
    const copy = copyButton(`Copy ${text}`, text, () => "Select and copy");
    copy.disabled = !text;
    cell.replaceChildren(part("", text, "code"), " ", copy);
  } else {
    cell.textContent = value ?? "–";
    cell.classList.toggle("createos-wide-cell", (value ?? "").length > LONG);
  }
}
