// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { followTheme, Mirror, type Event, type Update } from "../src/mirror";
import type { WidgetModule } from "../src/mirror_model";

type Told = { [Name in keyof Update]?: Update[Name] };

let sent: { event: Event; buffers: ArrayBuffer[] }[];
let modules: Record<string, WidgetModule>;
let mirror: Mirror;
let stage: HTMLElement;

function told(update: Told, buffers: DataView[] = []): void {
  mirror.apply({ root: "1", ack: 0, widgets: {}, set: {}, gone: [], buffers: [], messages: [], ...update }, buffers);
}

const widget = (kind: string, state: Record<string, unknown> = {}): { kind: string; state: Record<string, unknown> } => ({
  kind: `${kind}View`,
  state: { _dom_classes: [], layout: {}, ...state },
});

function box(...children: string[]): { kind: string; state: Record<string, unknown> } {
  return widget("VBox", { children });
}

const events = (): Event[] => sent.map(({ event }) => event);
const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

function change(el: Element | null, value: string, type = "change"): void {
  (el as HTMLInputElement).value = value;
  el?.dispatchEvent(new Event_(type));
}
const Event_ = globalThis.Event;

beforeEach(() => {
  sent = [];
  modules = {};
  stage = document.createElement("div");
  document.body.replaceChildren(stage);
  mirror = new Mirror(stage, {
    send: (event, buffers) => sent.push({ event, buffers }),
    module: async (digest) => {
      const module = modules[digest];
      if (!module) throw new Error("no module");
      return module;
    },
    sheet: async (digest, before) => before.before(Object.assign(document.createElement("style"), { title: digest })),
  });
});

test("the tree is drawn with the class names of ipywidgets, in the order of its children", () => {
  told({
    widgets: {
      "1": widget("VBox", { children: ["3", "2"], _dom_classes: ["createos-panel"] }),
      "2": widget("Text", { description: "Name", value: "a" }),
      "3": widget("HTML", { value: "<b>ours</b>" }),
    },
  });
  const root = stage.firstElementChild;
  expect(root?.className).toContain("widget-vbox createos-panel");
  expect([...(root?.children ?? [])].map((one) => one.className.split(" ").at(-1))).toEqual(["widget-html", "widget-text"]);
  expect(root?.querySelector(".widget-html-content b")?.textContent).toBe("ours");
  const input = root?.querySelector("input");
  expect(root?.querySelector("label[for]")?.getAttribute("for")).toBe(input?.id);
  expect(input?.value).toBe("a");
});

test("labels, options and values are text, whatever they hold", () => {
  const nasty = '<img src=x onerror="hostile()">';
  told({
    widgets: {
      "1": box("2", "3", "4", "5", "6"),
      "2": widget("Text", { description: nasty, value: nasty, placeholder: nasty, tooltip: nasty }),
      "3": widget("Button", { description: nasty }),
      "4": widget("Dropdown", { description: nasty, _options_labels: [nasty], index: 0 }),
      "5": widget("RadioButtons", { description: nasty, _options_labels: [nasty], index: 0 }),
      "6": widget("Label", { value: nasty }),
    },
  });
  expect(stage.querySelector("img")).toBeNull();
  expect(stage.textContent).toContain(nasty);
});

test("children that stay keep their element, so that focus and scroll stay", () => {
  told({ widgets: { "1": box("2"), "2": widget("Text", { value: "a" }) } });
  const input = stage.querySelector("input");
  input?.focus();
  told({ widgets: { "3": widget("Button", { description: "Go" }) }, set: { "1": { children: ["3", "2"] } } });
  expect(stage.querySelector("input")).toBe(input);
  expect(document.activeElement).toBe(input);
  expect([...(stage.firstElementChild?.children ?? [])].map((one) => one.tagName)).toEqual(["BUTTON", "DIV"]);
  told({ set: { "1": { children: ["3"] } }, gone: ["2"] });
  expect(stage.querySelector("input")).toBeNull();
});

test("layout and classes follow, and what is not set anymore is taken away", () => {
  told({ widgets: { "1": widget("VBox", { children: [], layout: { display: "none", max_width: "9em" }, _dom_classes: ["a"] }) } });
  const root = stage.firstElementChild as HTMLElement;
  expect([root.style.display, root.style.maxWidth]).toEqual(["none", "9em"]);
  told({ set: { "1": { layout: { max_width: "8em" }, _dom_classes: ["b"] } } });
  expect([root.style.display, root.style.maxWidth]).toEqual(["", "8em"]);
  expect([root.classList.contains("a"), root.classList.contains("b")]).toEqual([false, true]);
});

test("what a hand does is sent with growing numbers", () => {
  told({
    widgets: {
      "1": box("2", "3", "4", "5", "6", "7"),
      "2": widget("Text", { value: "" }),
      "3": widget("Button", { description: "Go" }),
      "4": widget("Checkbox", { value: false }),
      "5": widget("Dropdown", { _options_labels: ["a", "b"], index: 0 }),
      "6": widget("BoundedIntText", {}),
      "7": widget("IntText", { value: 1 }),
    },
  });
  change(stage.querySelector(".widget-text input"), "typed");
  stage.querySelector("button")?.click();
  stage.querySelector<HTMLInputElement>("[type=checkbox]")?.click();
  change(stage.querySelector("select"), "b");
  change(stage.querySelector("[type=number]"), "7");
  expect(events()).toEqual([
    { id: "2", n: 1, set: { value: "typed" } },
    { id: "3", n: 2, click: true },
    { id: "4", n: 3, set: { value: true } },
    { id: "5", n: 4, set: { index: 1 } },
    { id: "7", n: 5, set: { value: 7 } },
  ]);
  expect(stage.textContent).toContain("no view of BoundedIntText here");
});

test("what was told before an event was handled does not undo it, and what holds after it does", () => {
  told({ widgets: { "1": widget("Text", { value: "a" }) } });
  const input = stage.querySelector("input") as HTMLInputElement;
  change(input, "mine");
  told({ ack: 0, set: { "1": { value: "old" } } });
  expect(input.value).toBe("mine");
  told({ ack: 1, set: { "1": { value: "refused: a" } } });
  expect(input.value).toBe("refused: a");
});

test("a field that tells while one types waits for a pause", () => {
  vi.useFakeTimers();
  told({ widgets: { "1": widget("Text", { value: "", continuous_update: true }) } });
  const input = stage.querySelector("input");
  change(input, "a", "input");
  vi.advanceTimersByTime(50);
  change(input, "ab", "input");
  vi.advanceTimersByTime(500);
  vi.useRealTimers();
  expect(events()).toEqual([{ id: "1", n: 1, set: { value: "ab" } }]);
});

test("a widget's own module gets a model: values, events, messages and bytes", async () => {
  const seen: unknown[] = [];
  let ended = false;
  modules.m = {
    default: {
      render({ model, el }: { model: Record<string, (...args: never[]) => unknown>; el: HTMLElement }) {
        const own = model as unknown as {
          get(name: string): unknown; set(name: string, value: unknown): void; save_changes(): void;
          on(name: string, callback: (...args: unknown[]) => void): void; send(content: unknown, callbacks?: unknown, buffers?: unknown[]): void;
        };
        el.textContent = String(own.get("size"));
        own.on("change:size change:other", () => seen.push(["size", own.get("size")]));
        own.on("change", () => seen.push("change"));
        own.on("msg:custom", (content, buffers) => seen.push([content, (buffers as DataView[]).map((one) => one.getUint8(0))]));
        el.addEventListener("click", () => {
          own.set("size", 5);
          own.save_changes();
          own.save_changes(); // nothing more to save
          own.send({ go: true }, undefined, [new Uint8Array([7]).subarray(0)]);
        });
        return () => { ended = true; };
      },
    },
  };
  told({ widgets: { "1": widget("Any", { size: 1, _esm: "m" }) } });
  await settle();
  const el = stage.firstElementChild as HTMLElement;
  expect(el.textContent).toBe("1");
  told({ set: { "1": { size: 2, data: null } }, buffers: [["1", ["data"]]], messages: [{ id: "1", content: { hi: 1 }, buffers: 1 }] },
    [new DataView(new ArrayBuffer(1)), new DataView(new Uint8Array([9]).buffer)]);
  expect(seen).toEqual([["size", 2], "change", [{ hi: 1 }, [9]]]);
  el.click();
  expect(events()).toEqual([{ id: "1", n: 1, set: { size: 5 } }, { id: "1", n: 2, message: { go: true } }]);
  expect([...new Uint8Array(sent[1]?.buffers[0] ?? new ArrayBuffer(0))]).toEqual([7]);
  mirror.clear();
  expect(ended).toBe(true);
  expect(stage.children.length).toBe(0);
});

test("a module that can't be had is said, and a sheet is put once", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  modules.m = { default: { render() {} } };
  told({
    widgets: {
      "1": box("2", "3", "4"),
      "2": widget("Any", { _esm: "m", _css: "c" }),
      "3": widget("Any", { _esm: "m", _css: "c" }),
      "4": widget("Any", { _esm: "gone" }),
    },
  });
  await settle();
  expect([...document.querySelectorAll("style")].map((sheet) => sheet.title)).toEqual(["c"]);
  expect(stage.textContent).toBe("this part could not be shown: load the page again");
  error.mockRestore();
});

test("the theme of the page around is followed, and setting it is no change to follow", async () => {
  const el = document.createElement("div");
  const stop = followTheme(el);
  expect(el.dataset.jpThemeLight).toBe("true");
  document.documentElement.dataset.theme = "dark";
  await settle();
  expect(el.dataset.jpThemeLight).toBe("false");
  stop();
  const ended = followTheme(document.documentElement);
  delete document.documentElement.dataset.theme;
  document.documentElement.classList.add("light");
  await settle();
  expect(document.documentElement.dataset.jpThemeLight).toBe("true");
  ended();
  document.documentElement.className = "";
  delete document.documentElement.dataset.jpThemeLight;
});
