// A table of rows that change: native elements only, every text set as text, rows kept by key so that focus,
// selection and scroll survive a refresh. A row is selected in a group of radio buttons: one tab stop, arrow keys.
import type { AnyModel, RenderProps } from "@anywidget/types";
import { button, copyButton, uniqueId } from "./elements";
import { spark } from "./spark";

export interface Column {
  name: string;
  label: string;
  kind: "text" | "time" | "number" | "state" | "spark" | "copy";
}

export type Cell = string | null | (number | null)[];

export interface Row {
  key: string;
  /** Its name, for screen readers. */
  name: string;
  /** Why it can't be chosen, "" where it can. */
  off: string;
  cells: Cell[];
  sort: (number | string | null)[];
}

interface Traits {
  columns: Column[];
  rows: Row[];
  selected: string;
  selectable: boolean;
  caption: string;
  height: string;
}

interface Rendered {
  row: HTMLTableRowElement;
  cells: HTMLTableCellElement[];
  radio: HTMLInputElement | null;
}

interface Order {
  column: number;
  down: boolean;
}

/** A text that is longer gets a wider cell. */
const LONG = 40;
/** Fewer rows need no filter. */
const FEW = 8;

/** The rows that hold a text, in order; what is unknown comes last, whichever way the order goes. */
export function arranged(rows: readonly Row[], query: string, order: Order): Row[] {
  const found = rows.filter(
    ({ cells }) => !query || cells.some((value) => typeof value === "string" && value.toLowerCase().includes(query)),
  );
  if (order.column < 0) return found;
  const sign = order.down ? -1 : 1;
  const value = (row: Row): number | string | null => row.sort[order.column] ?? null;
  return found.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    if (typeof x === "number" && typeof y === "number") return sign * (x - y);
    return sign * String(x).localeCompare(String(y), "en", { numeric: true });
  });
}

function fill(cell: HTMLTableCellElement, column: Column, value: Cell | undefined): void {
  const serialized = JSON.stringify(value ?? null);
  if (cell.dataset["value"] === serialized) return;
  cell.dataset["value"] = serialized;
  if (column.kind === "spark") {
    cell.replaceChildren(spark(Array.isArray(value) ? value : []));
    return;
  }
  const text = typeof value === "string" ? value : null;
  if (column.kind === "copy") {
    const code = document.createElement("code");
    code.textContent = text ?? "";
    const copy = copyButton(`Copy ${text ?? ""}`, text ?? "", () => "Select and copy");
    copy.disabled = !text;
    cell.replaceChildren(code, " ", copy);
    return;
  }
  cell.textContent = text ?? "–";
  cell.classList.toggle("createos-wide-cell", (text ?? "").length > LONG);
}

function createRow(model: AnyModel<Traits>, data: Row, group: string): Rendered {
  const row = document.createElement("tr");
  let radio: HTMLInputElement | null = null;
  if (model.get("selectable")) {
    const own = document.createElement("input");
    radio = own;
    own.type = "radio";
    own.name = group;
    own.addEventListener("change", () => {
      model.set("selected", data.key);
      model.save_changes();
    });
    // an arrow key "clicks" as well, with no detail: it only chooses
    own.addEventListener("click", (event) => {
      if (event.detail > 0) model.send({ clicked: data.key });
    });
    own.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !own.disabled) model.send({ opened: data.key });
    });
    const cell = document.createElement("td");
    cell.append(own);
    row.append(cell);
    row.addEventListener("click", (event) => {
      if (own.disabled || (event.target as Element).closest("button, input")) return;
      own.checked = true;
      own.dispatchEvent(new Event("change"));
      model.send({ clicked: data.key });
    });
    row.addEventListener("dblclick", () => {
      if (!own.disabled) model.send({ opened: data.key });
    });
  }
  const cells = model.get("columns").map((column, at) => {
    const cell = document.createElement(at === 0 ? "th" : "td");
    if (at === 0) cell.scope = "row";
    cell.className = `createos-${column.kind}`;
    row.append(cell);
    return cell;
  });
  return { row, cells, radio };
}

function render({ model, el }: RenderProps<Traits>): void {
  const group = uniqueId("grid");
  const rendered = new Map<string, Rendered>();
  let order: Order = { column: -1, down: false };
  el.classList.add("createos-grid");

  const tools = document.createElement("div");
  tools.className = "createos-grid-tools";
  const label = document.createElement("label");
  const find = document.createElement("input");
  find.type = "search";
  label.append("Filter ", find);
  const count = document.createElement("span");
  count.setAttribute("role", "status");
  tools.append(label, count);

  const frame = document.createElement("div");
  frame.className = "createos-grid-frame";
  frame.tabIndex = 0; // so that the keyboard can scroll it
  frame.setAttribute("role", "region");
  const table = document.createElement("table");
  const caption = document.createElement("caption");
  const head = document.createElement("thead");
  const body = document.createElement("tbody");
  table.append(caption, head, body);
  frame.append(table);
  el.append(tools, frame);

  function heads(): void {
    const row = document.createElement("tr");
    if (model.get("selectable")) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = "choose";
      row.append(cell);
    }
    model.get("columns").forEach((column, at) => {
      const sorted = order.column === at;
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.className = `createos-${column.kind}`;
      cell.setAttribute("aria-sort", !sorted ? "none" : order.down ? "descending" : "ascending");
      if (column.kind === "spark") {
        cell.textContent = column.label;
      } else {
        const sort = button(column.label + (!sorted ? "" : order.down ? " ▾" : " ▴"), "", () => {
          order = { column: at, down: sorted ? !order.down : column.kind === "number" };
          heads();
          rows();
          head.querySelector<HTMLElement>(`button[data-at="${at}"]`)?.focus();
        });
        sort.dataset["at"] = String(at);
        cell.append(sort);
      }
      row.append(cell);
    });
    head.replaceChildren(row);
  }

  function show(data: Row, columns: Column[], index: number): void {
    const elements = rendered.get(data.key) ?? createRow(model, data, group);
    rendered.set(data.key, elements);
    const { row, cells, radio } = elements;
    columns.forEach((column, at) => {
      const cell = cells[at];
      if (cell) fill(cell, column, data.cells[at]);
    });
    if (radio) {
      radio.setAttribute("aria-label", `choose ${data.name}${data.off ? `: not possible, ${data.off}` : ""}`);
      radio.disabled = Boolean(data.off);
      radio.checked = model.get("selected") === data.key;
      row.classList.toggle("createos-disabled", Boolean(data.off));
      row.classList.toggle("createos-selected", radio.checked);
    }
    if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
  }

  function rows(): void {
    const all = model.get("rows");
    const query = find.value.trim().toLowerCase();
    const visible = arranged(all, query, order);
    const live = new Set(all.map((data) => data.key));
    for (const [key, { row }] of rendered) {
      if (live.has(key)) continue;
      row.remove();
      rendered.delete(key);
    }
    const active = document.activeElement;
    const columns = model.get("columns");
    visible.forEach((data, index) => show(data, columns, index));
    while (body.children.length > visible.length) body.lastChild?.remove();
    if (active instanceof HTMLElement && active !== document.activeElement && el.contains(active)) active.focus();
    count.textContent = visible.length === all.length ? `${all.length} rows` : `${visible.length} of ${all.length} rows`;
    tools.hidden = all.length < FEW && !query;
  }

  function update(): void {
    caption.textContent = model.get("caption");
    frame.setAttribute("aria-label", model.get("caption"));
    frame.style.maxHeight = model.get("height");
  }

  function columns(): void {
    rendered.clear();
    body.replaceChildren();
    heads();
    rows();
  }

  find.addEventListener("input", rows);
  model.on("change:rows", rows);
  model.on("change:selected", rows);
  model.on("change:columns", columns);
  model.on("change:caption change:height", update);
  update();
  columns();
}

export default { render };
