// What a table shows while its rows are being read: a bar, and the outlines of rows that are still to come.

export interface Reading {
  text: string;
  done: number;
  total: number;
  outlines: number;
}

/** Rows of outlines at most. */
const MOST = 8;

export interface Outlines {
  bar: HTMLElement;
  rows: HTMLElement;
  draw(reading: Partial<Reading>, hasRows: boolean): void;
}

/** Makes the bar and the outlines; both are hidden while nothing is read. */
export function outlines(): Outlines {
  const bar = document.createElement("div");
  bar.className = "createos-reading";
  bar.setAttribute("role", "progressbar");
  const done = document.createElement("div");
  bar.append(done);
  const rows = document.createElement("div");
  rows.className = "createos-outlines";
  rows.setAttribute("aria-hidden", "true");

  function draw(reading: Partial<Reading>, hasRows: boolean): void {
    const text = reading.text ?? "";
    bar.hidden = !text;
    rows.hidden = !text || (hasRows && !reading.outlines);
    if (!text) return;
    bar.setAttribute("aria-label", text);
    bar.classList.toggle("createos-endless", !reading.total);
    if (reading.total) {
      const share = Math.round((100 * (reading.done ?? 0)) / reading.total);
      bar.setAttribute("aria-valuenow", String(share));
      done.style.width = `${share}%`;
    } else {
      bar.removeAttribute("aria-valuenow");
      done.style.width = "";
    }
    const wanted = rows.hidden ? 0 : Math.min(MOST, reading.outlines || 4);
    while (rows.children.length > wanted) rows.lastChild?.remove();
    while (rows.children.length < wanted) {
      const row = document.createElement("div");
      row.append(...["dot", "name", "figure", "line"].map((name) => {
        const shape = document.createElement("span");
        shape.className = `createos-outline-${name}`;
        return shape;
      }));
      rows.append(row);
    }
  }
  draw({}, false);
  return { bar, rows, draw };
}
