// Measured in the page: our chart beside uPlot alone, and our table beside a plain one. `data` is what Python sends.
import chart, { uPlot } from "/chart.js";
import grid from "/grid.js";

const POINTS = 50_000;
const MOVES = 60;
const RUNS = 7;
const WIDTH = 1100;
const HEIGHT = 220;
const start = Date.UTC(2026, 2, 4) / 1000;
const settled = () => new Promise((done) => setTimeout(done, 30));
const frame = () => new Promise(requestAnimationFrame);

function model(traits) {
  const listeners = {};
  return {
    get: (name) => traits[name],
    set() {},
    save_changes() {},
    send() {},
    on: (names, listener) => names.split(" ").forEach((name) => (listeners[name] ??= []).push(listener)),
    off() {},
  };
}

function place(html = "") {
  const element = document.createElement("div");
  element.style.width = `${WIDTH}px`;
  element.innerHTML = html;
  document.body.append(element);
  return element;
}

/** Two series that differ at each point: nothing can be left out. */
function columns() {
  const times = Float64Array.from({ length: POINTS }, (_, at) => start + at * 60);
  const series = [1, 2].map((seed) =>
    Float64Array.from(times, (_, at) => 100 * seed + 40 * Math.sin(at / 500) + ((at * 7919 * seed) % 97)),
  );
  return { times, series };
}

/** Draws everything that was asked of a canvas: else it is drawn later, and not measured. */
const rastered = (element) => element.querySelector("canvas").getContext("2d").getImageData(0, 0, 1, 1);

async function ours({ times, series }) {
  const ends = times.map((time) => time + 60);
  const all = [times, ends, ...series];
  const numbers = new Float64Array(POINTS * all.length);
  all.forEach((column, at) => numbers.set(column, at * POINTS));
  const described = series.map((_, at) => ({
    name: `series ${at}`,
    color: at ? "error" : "series",
    x: [0, POINTS],
    ends: [POINTS, POINTS],
    y: [(2 + at) * POINTS, POINTS],
  }));
  const pane = { title: "Two series", unit: "", kind: "line", height: HEIGHT, limit: null, series: described };
  const spec = { label: "", group: "", start, end: start + POINTS * 60, panes: [pane], marks: [], bands: [] };
  const el = place();
  const began = performance.now();
  const end = chart.render({ model: model({ spec, columns: new DataView(numbers.buffer) }), el });
  await null; // uPlot draws in a microtask
  rastered(el);
  const took = performance.now() - began;
  return { took, el, end, area: el.querySelector(".createos-chart-area"), text: () => el.querySelector(".createos-chart-card").textContent };
}

async function bare({ times, series }) {
  const el = place();
  const options = {
    width: WIDTH,
    height: HEIGHT + 28,
    series: [{}, { label: "series 0", stroke: "#5d7186", fill: "#5d718624" }, { label: "series 1", stroke: "#d1392b" }],
  };
  const began = performance.now();
  const plot = new uPlot(options, [times, ...series.map((column) => Array.from(column))], el);
  await null;
  rastered(el);
  const took = performance.now() - began;
  return { took, el, end: () => plot.destroy(), area: plot.over, text: () => el.querySelector(".u-legend").textContent };
}

/** Milliseconds until the values at the pointer stand in the page, laid out. */
async function hovered({ area, el, text }) {
  const box = area.getBoundingClientRect();
  const began = performance.now();
  let before = "";
  for (let at = 0; at < MOVES; at += 1) {
    const where = { clientX: box.left + ((at * 37) % 97) * (box.width / 97) + 3, clientY: box.top + 40, bubbles: true };
    area.dispatchEvent(new PointerEvent("pointermove", where));
    area.dispatchEvent(new MouseEvent("mousemove", where));
    await null;
    void el.offsetHeight;
    if (text() === before) throw new Error(`the pointer moved, and nothing was said of it: ${before}`);
    before = text();
  }
  return (performance.now() - began) / MOVES;
}

async function charts() {
  const data = columns();
  const drawn = { ours: [], bare: [] };
  const hover = { ours: [], bare: [] };
  for (let run = 0; run < RUNS; run += 1) {
    for (const [name, make] of run % 2 ? [["ours", ours], ["bare", bare]] : [["bare", bare], ["ours", ours]]) {
      const made = await make(data);
      drawn[name].push(made.took);
      await frame();
      hover[name].push(await hovered(made));
      made.end();
      made.el.remove();
      await settled();
    }
  }
  // the best of each: what else the machine does only makes them longer
  const best = (values) => Math.min(...values);
  return { drawn: [best(drawn.ours), best(drawn.bare)], hover: [best(hover.ours), best(hover.bare)] };
}

/** The longest task while a table is scrolled to its end and back; the browser tells of those over 50 ms. */
async function scrolled(box) {
  await settled();
  const tasks = [];
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => tasks.push(duration)));
  observer.observe({ type: "longtask" });
  for (let step = 0; step < 60; step += 1) {
    const down = step < 30 ? step : 59 - step;
    box.scrollTop = ((box.scrollHeight - box.clientHeight) * down) / 29;
    await frame();
  }
  await settled();
  observer.disconnect();
  return Math.max(50, ...tasks);
}

async function tables() {
  const el = place();
  el.className = "createos-panel";
  grid.render({ model: model(data.grid), el });
  await frame();
  const box = [...el.querySelectorAll("div")].find(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight * 2);
  const rows = el.querySelectorAll("tbody tr").length;
  const plain = place();
  plain.style.cssText += `;overflow:auto;height:${box.clientHeight}px`;
  const cell = (value) => `<td>${Array.isArray(value) ? value.length : String(value).replace(/</g, "&lt;")}</td>`;
  plain.innerHTML = `<table>${data.grid.rows.map(({ cells }) => `<tr>${cells.map(cell).join("")}</tr>`).join("")}</table>`;
  const longest = { grid: Infinity, plain: Infinity };
  for (let run = 0; run < 5; run += 1) {
    longest.plain = Math.min(longest.plain, await scrolled(plain));
    longest.grid = Math.min(longest.grid, await scrolled(box));
  }
  return { rows, scrolled: [longest.grid, longest.plain] };
}

window.measured = { ...(await charts()), ...(await tables()) };
