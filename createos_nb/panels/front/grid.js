// A table of rows that come and go: native elements only, every text set as text, rows kept by key so that focus,
// selection and scroll survive a refresh. The choice of a row is a group of radio buttons: one tab stop, arrow keys.
const SVG = "http://www.w3.org/2000/svg";

function spark(values) {
  const picture = document.createElementNS(SVG, "svg");
  const known = values.filter((v) => v !== null);
  const most = Math.max(...known, 0) || 1;
  const wide = 96, high = 18;
  picture.setAttribute("viewBox", `0 0 ${wide} ${high}`);
  picture.setAttribute("width", wide);
  picture.setAttribute("height", high);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", known.length
    ? `from ${Math.min(...known)} to ${Math.max(...known)}, last ${known[known.length - 1]}` : "no data");
  let path = "", pen = "M";
  values.forEach((value, at) => {
    if (value === null) { pen = "M"; return; } // a gap is a gap
    const x = values.length > 1 ? (at * (wide - 2)) / (values.length - 1) + 1 : wide / 2;
    path += `${pen}${x.toFixed(1)} ${(high - 2 - (value / most) * (high - 4)).toFixed(1)}`;
    pen = "L";
  });
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  picture.append(line);
  return picture;
}

function render({ model, el }) {
  const group = `createos-${Math.random().toString(36).slice(2)}`;
  const kept = new Map(); // key → { row, cells, radio }
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
    const said = JSON.stringify(value);
    if (cell.dataset.said === said) return;
    cell.dataset.said = said;
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
      cell.classList.toggle("createos-long", String(value ?? "").length > 40);
    }
  }

  function made(one) {
    const row = document.createElement("tr");
    let radio = null;
    if (model.get("selectable")) {
      const cell = document.createElement("td");
      radio = document.createElement("input");
      radio.type = "radio";
      radio.name = group;
      radio.addEventListener("change", () => {
        model.set("selected", one.key);
        model.save_changes();
      });
      radio.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !radio.disabled) model.send({ opened: one.key });
      });
      cell.append(radio);
      row.append(cell);
      row.addEventListener("click", (event) => {
        if (radio.disabled || event.target.closest("button, input")) return;
        radio.checked = true;
        radio.dispatchEvent(new Event("change"));
      });
      row.addEventListener("dblclick", () => { if (!radio.disabled) model.send({ opened: one.key }); });
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
    const wanted = find.value.trim().toLowerCase();
    let shown = model.get("rows").filter((one) => !wanted || one.cells.some(
      (value) => typeof value === "string" && value.toLowerCase().includes(wanted)));
    if (order.column >= 0) {
      const at = order.column;
      const sign = order.down ? -1 : 1;
      const value = (one) => (one.sort?.[at] ?? null);
      shown = [...shown].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (x === null || y === null) return (x === null) - (y === null); // what is unknown comes last
        return sign * (typeof x === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true }));
      });
    }
    const live = new Set(model.get("rows").map((one) => one.key));
    for (const key of kept.keys()) if (!live.has(key)) { kept.get(key).row.remove(); kept.delete(key); }
    const active = document.activeElement;
    shown.forEach((one, place) => {
      if (!kept.has(one.key)) kept.set(one.key, made(one));
      const own = kept.get(one.key);
      columns.forEach((column, at) => fill(own.cells[at], column, one.cells[at]));
      if (own.radio) {
        own.radio.setAttribute("aria-label", `choose ${one.name}${one.off ? `: not possible, ${one.off}` : ""}`);
        own.radio.disabled = Boolean(one.off);
        own.radio.checked = model.get("selected") === one.key;
        own.row.classList.toggle("createos-off", Boolean(one.off));
        own.row.classList.toggle("createos-on", own.radio.checked);
      }
      if (body.children[place] !== own.row) body.insertBefore(own.row, body.children[place] ?? null);
    });
    while (body.children.length > shown.length) body.lastChild.remove();
    if (active && active !== document.activeElement && el.contains(active)) active.focus();
    const all = model.get("rows").length;
    count.textContent = shown.length === all ? `${all} rows` : `${shown.length} of ${all} rows`;
    tools.hidden = all < 8 && !wanted;
  }

  function look() {
    caption.textContent = model.get("caption");
    frame.setAttribute("aria-label", model.get("caption"));
    frame.style.maxHeight = model.get("height");
  }

  function columns() { kept.clear(); body.replaceChildren(); heads(); rows(); }

  find.addEventListener("input", rows);
  model.on("change:rows", rows);
  model.on("change:selected", rows);
  model.on("change:columns", columns);
  model.on("change:caption change:height", look);
  look();
  columns();
}

export default { render };
