// Measured in the page: our chart beside uPlot alone, and our table beside a plain one. `data` is what Python sends.
import chart, { uPlot } from "/chart.js";
import grid from "/grid.js";

const POINTS = 50_000;
const MOVES = 200;
const FRAMES = 60;
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
  const end = chart.render({ model: model({ spec, columns: new DataView(numbers.buffer) }), el });
  await null; // uPlot draws in a microtask
  rastered(el);
  return { el, end, area: el.querySelector(".createos-chart-area"), text: () => el.querySelector(".createos-chart-card").textContent };
}

async function bare({ times, series }) {
  const el = place();
  const options = {
    width: WIDTH,
    height: HEIGHT + 28,
    series: [{}, { label: "series 0", stroke: "#5d7186", fill: "#5d718624" }, { label: "series 1", stroke: "#d1392b" }],
  };
  const plot = new uPlot(options, [times, ...series.map((column) => Array.from(column))], el);
  await null;
  rastered(el);
  return { el, end: () => plot.destroy(), area: plot.over, text: () => el.querySelector(".u-legend").textContent };
}

/** Moves the pointer over a chart; each time the values of the point stand in the page, laid out. */
async function hover({ area, el, text }) {
  const box = area.getBoundingClientRect();
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
}

/** Draws a chart, all of it, and takes it away. */
async function draw(name) {
  const made = await MAKE[name](DATA);
  made.end();
  made.el.remove();
}

/** Scrolls a table to its end and back, a frame at a time. */
async function scrolled(box) {
  await settled();
  for (let step = 0; step < FRAMES; step += 1) {
    const down = step < FRAMES / 2 ? step : FRAMES - 1 - step;
    box.scrollTop = ((box.scrollHeight - box.clientHeight) * down) / (FRAMES / 2 - 1);
    await frame();
  }
  await settled();
}

/** Our table, and a plain one with the same texts in the same style sheet. */
async function tables() {
  const el = place();
  el.className = "createos-panel";
  grid.render({ model: model(data.grid), el });
  await frame();
  const box = [...el.querySelectorAll("div")].find(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight * 2);
  const plain = document.createElement("div");
  plain.style.cssText = `overflow:auto;height:${box.clientHeight}px`;
  const cell = (value) => `<td>${Array.isArray(value) ? value.length : String(value).replace(/</g, "&lt;")}</td>`;
  plain.innerHTML = `<table>${data.grid.rows.map(({ cells }) => `<tr>${cells.map(cell).join("")}</tr>`).join("")}</table>`;
  const around = place();
  around.className = "createos-panel";
  around.append(plain);
  window.scroll = (name) => scrolled(name === "ours" ? box : plain);
  return el.querySelectorAll("tbody tr").length;
}

const DATA = columns();
const MAKE = { ours, bare };
const stay = {};
window.moves = MOVES;
window.frames = FRAMES;
window.draw = draw;
/** Charts that stay, for the pointer. */
window.enter = async () => {
  for (const name of Object.keys(MAKE)) stay[name] = await MAKE[name](DATA);
};
window.hover = (name) => hover(stay[name]);
window.leave = () => Object.values(stay).forEach(({ end, el }) => (end(), el.remove()));
window.tables = tables;
window.ready = true;
