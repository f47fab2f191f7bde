// A table of rows that change: native elements only, every text set as text, rows kept by key so that focus,
// selection and scroll survive a refresh. A row is selected in a group of radio buttons: one tab stop, arrow keys.
const SVG = "http://www.w3.org/2000/svg";

function spark(values) {
  const svg = document.createElementNS(SVG, "svg");
  const known = values.filter((v) => v !== null);
  const maximum = Math.max(...known, 0) || 1;
  const width = 96, height = 18;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", height);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", known.length
    ? `from ${Math.min(...known)} to ${Math.max(...known)}, last ${known[known.length - 1]}` : "no data");
  let path = "", pen = "M";
  values.forEach((value, at) => {
    if (value === null) { pen = "M"; return; } // a gap is a gap
    const x = values.length > 1 ? (at * (width - 2)) / (values.length - 1) + 1 : width / 2;
    path += `${pen}${x.toFixed(1)} ${(height - 2 - (value / maximum) * (height - 4)).toFixed(1)}`;
    pen = "L";
  });
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

function render({ model, el }) {
  const group = `createos-${Math.random().toString(36).slice(2)}`;
  const rendered = new Map(); // key → { row, cells, radio }
  let order = { column: -1, down: false };
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

  function heads() {
    const row = document.createElement("tr");
    if (model.get("selectable")) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = "choose";
      row.append(cell);
    }
    model.get("columns").forEach((column, at) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.className = `createos-${column.kind}`;
      cell.setAttribute("aria-sort", order.column !== at ? "none" : order.down ? "descending" : "ascending");
      if (column.kind === "spark") {
        cell.textContent = column.label;
      } else {
        const button = document.createElement("button");
        button.type = "button";
        button.dataset.at = at;
        button.textContent = column.label + (order.column !== at ? "" : order.down ? " ▾" : " ▴");
        button.addEventListener("click", () => {
          order = { column: at, down: order.column === at ? !order.down : column.kind === "number" };
          heads();
          rows();
          head.querySelector(`button[data-at="${at}"]`)?.focus();
        });
        cell.append(button);
      }
      row.append(cell);
    });
    head.replaceChildren(row);
  }

  function fill(cell, column, value) {
    const serialized = JSON.stringify(value);
    if (cell.dataset.value === serialized) return;
    cell.dataset.value = serialized;
    if (column.kind === "spark") {
      cell.replaceChildren(spark(value || []));
    } else if (column.kind === "copy") {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "createos-copy";
      button.textContent = "Copy";
      button.setAttribute("aria-label", `Copy ${value}`);
      button.disabled = !value;
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(value);
          button.textContent = "Copied";
        } catch {
          button.textContent = "Select and copy"; // no clipboard without https or permission
        }
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      });
      const text = document.createElement("code");
      text.textContent = value ?? "";
      cell.replaceChildren(text, " ", button);
    } else {
      cell.textContent = value ?? "–";
      cell.classList.toggle("createos-wide-cell", String(value ?? "").length > 40);
    }
  }

  function createRow(data) {
    const row = document.createElement("tr");
    let radio = null;
    if (model.get("selectable")) {
      const cell = document.createElement("td");
      radio = document.createElement("input");
      radio.type = "radio";
      radio.name = group;
      radio.addEventListener("change", () => {
        model.set("selected", data.key);
        model.save_changes();
      });
      // an arrow key "clicks" as well, with no detail: it only chooses
      radio.addEventListener("click", (event) => { if (event.detail > 0) model.send({ clicked: data.key }); });
      radio.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !radio.disabled) model.send({ opened: data.key });
      });
      cell.append(radio);
      row.append(cell);
      row.addEventListener("click", (event) => {
        if (radio.disabled || event.target.closest("button, input")) return;
        radio.checked = true;
        radio.dispatchEvent(new Event("change"));
        model.send({ clicked: data.key });
      });
      row.addEventListener("dblclick", () => { if (!radio.disabled) model.send({ opened: data.key }); });
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

  function rows() {
    const columns = model.get("columns");
    const query = find.value.trim().toLowerCase();
    let visible = model.get("rows").filter((data) => !query || data.cells.some(
      (value) => typeof value === "string" && value.toLowerCase().includes(query)));
    if (order.column >= 0) {
      const at = order.column;
      const sign = order.down ? -1 : 1;
      const value = (data) => (data.sort?.[at] ?? null);
      visible = [...visible].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (x === null || y === null) return (x === null) - (y === null); // what is unknown comes last
        return sign * (typeof x === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true }));
      });
    }
    const live = new Set(model.get("rows").map((data) => data.key));
    for (const key of rendered.keys()) if (!live.has(key)) { rendered.get(key).row.remove(); rendered.delete(key); }
    const active = document.activeElement;
    visible.forEach((data, index) => {
      if (!rendered.has(data.key)) rendered.set(data.key, createRow(data));
      const elements = rendered.get(data.key);
      columns.forEach((column, at) => fill(elements.cells[at], column, data.cells[at]));
      if (elements.radio) {
        elements.radio.setAttribute("aria-label", `choose ${data.name}${data.off ? `: not possible, ${data.off}` : ""}`);
        elements.radio.disabled = Boolean(data.off);
        elements.radio.checked = model.get("selected") === data.key;
        elements.row.classList.toggle("createos-disabled", Boolean(data.off));
        elements.row.classList.toggle("createos-selected", elements.radio.checked);
      }
      if (body.children[index] !== elements.row) body.insertBefore(elements.row, body.children[index] ?? null);
    });
    while (body.children.length > visible.length) body.lastChild.remove();
    if (active && active !== document.activeElement && el.contains(active)) active.focus();
    const all = model.get("rows").length;
    count.textContent = visible.length === all ? `${all} rows` : `${visible.length} of ${all} rows`;
    tools.hidden = all < 8 && !query;
  }

  function update() {
    caption.textContent = model.get("caption");
    frame.setAttribute("aria-label", model.get("caption"));
    frame.style.maxHeight = model.get("height");
  }

  function columns() { rendered.clear(); body.replaceChildren(); heads(); rows(); }

  find.addEventListener("input", rows);
  model.on("change:rows", rows);
  model.on("change:selected", rows);
  model.on("change:columns", columns);
  model.on("change:caption change:height", update);
  update();
  columns();
}

export default { render };
