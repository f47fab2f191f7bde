// A table of rows that change: native elements only, every text set as text, rows kept by key so that focus,
// selection and scroll survive a refresh. A row is selected in a group of radio buttons: one tab stop, arrow keys.
import type { AnyModel, RenderProps } from "@anywidget/types";
import { button, uniqueId } from "./elements";
import { fill, type Column, type Row } from "./grid_cells";
import { toolsOf } from "./grid_tools";
import { outlines, type Reading } from "./outlines";

export type { Cell, Column, Row } from "./grid_cells";

/** Columns of fixed widths; empty where they are as wide as what they hold. */
interface Fixed {
  order?: string;
  words?: string;
  noun?: string;
}

interface Traits {
  columns: Column[];
  rows: Row[];
  icons: Record<string, string>;
  selected: string;
  selectable: boolean;
  caption: string;
  height: string;
  fixed: Fixed;
  reading: Partial<Reading>;
}

interface Rendered {
  row: HTMLTableRowElement;
  cells: HTMLTableCellElement[];
  radio: HTMLInputElement | null;
}

export interface Order {
  column: number;
  down: boolean;
}

/** The rows in an order; what is unknown comes last, whichever way the order goes. */
export function arranged(rows: readonly Row[], order: Order): Row[] {
  if (order.column < 0) return [...rows];
  const sign = order.down ? -1 : 1;
  const value = (row: Row): number | string | null => row.sort[order.column] ?? null;
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    if (typeof x === "number" && typeof y === "number") return sign * (x - y);
    return sign * String(x).localeCompare(String(y), "en", { numeric: true });
  });
}

function role<T extends HTMLElement>(element: T, name: string): T {
  // said to screen readers also where the style makes a row no row of a table any more
  element.setAttribute("role", name);
  return element;
}

function cellClass(column: Column): string {
  return `createos-cell-${column.kind}${column.wide ? " createos-wide" : ""}`;
}

function chooser(model: AnyModel<Traits>, key: string, group: string, row: HTMLElement): HTMLInputElement {
  const radio = document.createElement("input");
  radio.type = "radio";
  radio.name = group;
  radio.addEventListener("change", () => {
    model.set("selected", key);
    model.save_changes();
  });
  // an arrow key "clicks" as well, with no detail: it only chooses
  radio.addEventListener("click", (event) => {
    if (event.detail > 0) model.send({ clicked: key });
  });
  radio.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !radio.disabled) model.send({ opened: key });
  });
  row.addEventListener("click", (event) => {
    if (radio.disabled || (event.target as Element).closest("button, input")) return;
    radio.checked = true;
    radio.dispatchEvent(new Event("change"));
    radio.focus({ preventScroll: true });
    model.send({ clicked: key });
  });
  row.addEventListener("dblclick", () => {
    if (!radio.disabled) model.send({ opened: key });
  });
  return radio;
}

function createRow(model: AnyModel<Traits>, data: Row, group: string): Rendered {
  const row = role(document.createElement("tr"), "row");
  let radio: HTMLInputElement | null = null;
  if (model.get("selectable")) {
    radio = chooser(model, data.key, group, row);
    const cell = role(document.createElement("td"), "cell");
    cell.className = "createos-choose";
    cell.append(radio);
    row.append(cell);
  }
  const columns = model.get("columns");
  const named = Math.max(0, columns.findIndex((column) => column.kind === "entry"));
  const cells = columns.map((column, at) => {
    const cell = role(document.createElement(at === named ? "th" : "td"), at === named ? "rowheader" : "cell");
    if (at === named) cell.scope = "row";
    cell.className = cellClass(column);
    row.append(cell);
    return cell;
  });
  return { row, cells, radio };
}

function render({ model, el }: RenderProps<Traits>): void {
  const group = uniqueId("grid");
  const rendered = new Map<string, Rendered>();
  const fixed = model.get("fixed") ?? {}; // a notebook that was saved before has none
  const isFixed = Object.keys(fixed).length > 0;
  const place = (name = ""): number => model.get("columns").findIndex((column) => column.name === name);
  let order: Order = { column: -1, down: false };
  el.classList.add("createos-grid");
  el.classList.toggle("createos-fixed", isFixed);

  const tools = toolsOf(() => place(fixed.words), () => fixed.noun ?? "rows", () => rows());
  const frame = document.createElement("div");
  frame.className = "createos-grid-frame";
  frame.tabIndex = 0; // so that the keyboard can scroll it
  frame.setAttribute("role", "region");
  const table = role(document.createElement("table"), "table");
  const caption = document.createElement("caption");
  const head = role(document.createElement("thead"), "rowgroup");
  const body = role(document.createElement("tbody"), "rowgroup");
  const nothing = document.createElement("div");
  nothing.className = "createos-nothing";
  nothing.hidden = true;
  const progress = outlines();
  table.append(caption, head, body);
  frame.append(table, nothing, progress.rows);
  el.append(tools.el, progress.bar, frame);

  /** The order in which the rows come is that of a column: it is sorted downwards while nobody sorts otherwise. */
  function comesSorted(at: number): boolean {
    return at >= 0 && place(fixed.order) === at;
  }

  function isSorted(at: number): boolean {
    return order.column === at || (order.column < 0 && comesSorted(at));
  }

  function sortBy(at: number, column: Column): void {
    const natural = column.kind === "number" || column.kind === "errors";
    if (comesSorted(at)) order = order.column < 0 ? { column: at, down: false } : { column: -1, down: false };
    else order = { column: at, down: order.column === at ? !order.down : natural };
    heads();
    rows();
    head.querySelector<HTMLElement>(`button[data-at="${at}"]`)?.focus();
  }

  function headCell(className: string): HTMLTableCellElement {
    const cell = role(document.createElement("th"), "columnheader");
    cell.scope = "col";
    cell.className = className;
    return cell;
  }

  function heads(): void {
    const row = role(document.createElement("tr"), "row");
    if (model.get("selectable")) {
      const cell = headCell("createos-choose");
      cell.textContent = "choose";
      row.append(cell);
    }
    model.get("columns").forEach((column, at) => {
      const sorted = isSorted(at);
      const down = order.column < 0 || order.down;
      const cell = headCell(cellClass(column));
      cell.setAttribute("aria-sort", !sorted ? "none" : down ? "descending" : "ascending");
      if (column.kind === "spark") {
        cell.textContent = column.label;
      } else {
        const sort = button(column.label + (!sorted ? "" : down ? " ▾" : " ▴"), "", () => sortBy(at, column));
        sort.dataset["at"] = String(at);
        cell.append(sort);
      }
      row.append(cell);
    });
    head.replaceChildren(row);
  }

  function show(data: Row, columns: Column[], icons: Record<string, string>, index: number): void {
    const elements = rendered.get(data.key) ?? createRow(model, data, group);
    rendered.set(data.key, elements);
    const { row, cells, radio } = elements;
    columns.forEach((column, at) => {
      const cell = cells[at];
      if (cell) fill(cell, column, data.cells[at], icons);
      if (column.kind === "status") row.dataset["status"] = (data.cells[at] as { color?: string } | null)?.color ?? "";
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
    let visible = tools.narrowed(all);
    // where people turn the order in which rows come, it is that order turned
    if (comesSorted(order.column)) visible.reverse();
    else visible = arranged(visible, order);
    const live = new Set(all.map((data) => data.key));
    for (const [key, { row }] of rendered) {
      if (live.has(key)) continue;
      row.remove();
      rendered.delete(key);
    }
    const active = document.activeElement;
    const columns = model.get("columns");
    const icons = model.get("icons") ?? {};
    visible.forEach((data, index) => show(data, columns, icons, index));
    while (body.children.length > visible.length) body.lastChild?.remove();
    if (active instanceof HTMLElement && active !== document.activeElement && el.contains(active)) active.focus();
    tools.draw(all, visible.length, icons);
    sayNothing(all.length, visible.length);
    reading();
  }

  function sayNothing(all: number, visible: number): void {
    nothing.hidden = visible > 0 || all === 0;
    if (nothing.hidden) return;
    const said = document.createElement("p");
    said.textContent = `None of ${all} ${fixed.noun ?? "rows"} matches the filter.`;
    nothing.replaceChildren(said, button("Clear the filter", "createos-button", () => {
      tools.clear();
      tools.find.focus();
    }));
  }

  function reading(): void {
    const hasRows = model.get("rows").length > 0;
    progress.draw(model.get("reading") ?? {}, hasRows);
    frame.hidden = isFixed && !hasRows && !model.get("reading")?.text;
  }

  /** Keeps the chosen row in sight where the table has become lower, without moving the page. */
  function reveal(): void {
    const row = rendered.get(model.get("selected"))?.row;
    if (!row?.isConnected) return;
    const [outer, inner] = [frame.getBoundingClientRect(), row.getBoundingClientRect()];
    const top = outer.top + head.getBoundingClientRect().height;
    if (inner.top < top) frame.scrollTop -= top - inner.top;
    else if (inner.bottom > outer.bottom) frame.scrollTop += inner.bottom - outer.bottom;
  }

  function update(): void {
    caption.textContent = model.get("caption");
    frame.setAttribute("aria-label", model.get("caption"));
    frame.style.maxHeight = model.get("height");
  }

  function columns(): void {
    const shown = model.get("columns");
    if (isFixed) {
      const widths = (wide: boolean): string =>
        shown.filter((column) => wide || !column.wide).map((column) => column.width ?? "auto").join(" ");
      table.style.setProperty("--createos-columns", widths(false));
      table.style.setProperty("--createos-columns-wide", widths(true));
    }
    rendered.clear();
    body.replaceChildren();
    order = { column: -1, down: false };
    heads();
    rows();
  }

  el.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target === tools.find || tools.el.hidden) return;
    event.preventDefault();
    tools.find.focus();
  });
  if (isFixed && typeof ResizeObserver !== "undefined") new ResizeObserver(reveal).observe(frame);
  model.on("change:rows", rows);
  model.on("change:selected", rows);
  model.on("change:columns", columns);
  model.on("change:icons", rows);
  model.on("change:reading", reading);
  model.on("change:caption change:height", update);
  update();
  columns();
}

export default { render };
