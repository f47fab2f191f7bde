// Draws the tree of widgets that createos_nb.panels.mirror tells of, and hands back what is done in it.
import { MirrorModel, run, type WidgetModule } from "./mirror_model";
import { makeView, type State, type View } from "./mirror_views";

export interface Update {
  root: string;
  ack: number;
  widgets: Record<string, { kind: string; state: State }>;
  set: Record<string, State>;
  gone: string[];
  buffers: [string, (string | number)[]][];
  messages: { id: string; content: unknown; buffers: number }[];
  modules?: Record<string, string>;
}

/** What a browser says: see `Viewer.receive`. */
export type Event = { looking: boolean } | ({ id: string; n: number } & Record<string, unknown>);

export interface Host {
  send(event: Event, buffers: ArrayBuffer[]): void;
  /** The module of a digest. */
  module(digest: string): Promise<WidgetModule>;
  /** Put the style sheet of a digest before an element, and wait until it holds. */
  sheet(digest: string, before: Element): Promise<void>;
}

/** A widget that is drawn. */
class Drawn {
  view: View;
  classes: string[] = [];
  /** By trait, the number of the last event that set it: what was told before that event was handled is old. */
  readonly waits = new Map<string, number>();
  readonly ended = new AbortController();
  readonly model: MirrorModel | null;

  constructor(
    readonly id: string,
    readonly kind: string,
    readonly state: State,
    mirror: Mirror,
  ) {
    const set = (values: State): void => mirror.set(this, values);
    if (kind === "AnyView") {
      const el = document.createElement("div");
      el.className = "lm-Widget jupyter-widgets";
      this.model = new MirrorModel(state, { set, message: (content, buffers) => mirror.tell(id, { message: content }, buffers) });
      this.view = { el, update: () => {} };
      void mirror.start(this, this.model);
    } else {
      this.model = null;
      this.view = makeView(kind, state, {
        set: (name, value) => { state[name] = value; set({ [name]: value }); this.view.update(new Set([name])); },
        click: () => mirror.tell(id, { click: true }),
      });
    }
  }

  end(): void {
    this.ended.abort();
    this.view.dispose?.();
    this.view.el.remove();
  }
}

export class Mirror {
  #drawn = new Map<string, Drawn>();
  #number = 0;
  #sheets = new Set<string>();

  constructor(
    readonly el: HTMLElement,
    private readonly host: Host,
  ) {
    el.classList.add("createos-mirror");
  }

  apply(update: Update, buffers: DataView[] = []): void {
    update.buffers.forEach(([id, path], at) => {
      const state = update.widgets[id]?.state ?? update.set[id];
      if (state) put(state, path, buffers[at]);
    });
    for (const id of update.gone) {
      this.#drawn.get(id)?.end();
      this.#drawn.delete(id);
    }
    for (const [id, { kind, state }] of Object.entries(update.widgets)) {
      this.#drawn.get(id)?.end(); // it is told anew after a connection was lost
      this.#drawn.set(id, new Drawn(id, kind, state, this));
    }
    // children are there now, whatever the order in which they were told
    for (const [id, { state }] of Object.entries(update.widgets)) this.#draw(id, new Set(Object.keys(state)));
    for (const [id, state] of Object.entries(update.set)) {
      const drawn = this.#drawn.get(id);
      if (!drawn) continue;
      const fresh = Object.fromEntries(Object.entries(state).filter(([name]) => (drawn.waits.get(name) ?? 0) <= update.ack));
      if (drawn.model) drawn.model.changed(fresh);
      else Object.assign(drawn.state, fresh);
      this.#draw(id, new Set(Object.keys(fresh)));
    }
    const root = this.#drawn.get(update.root)?.view.el;
    if (root && this.el.firstElementChild !== root) this.el.replaceChildren(root);
    let at = update.buffers.length;
    for (const { id, content, buffers: own } of update.messages) {
      this.#drawn.get(id)?.model?.message(content, buffers.slice(at, at + own));
      at += own;
    }
  }

  /** Forget all, before the whole is told anew. */
  clear(): void {
    for (const drawn of this.#drawn.values()) drawn.end();
    this.#drawn.clear();
    this.#number = 0;
  }

  set(drawn: Drawn, values: State): void {
    const number = this.tell(drawn.id, { set: values });
    for (const name of Object.keys(values)) drawn.waits.set(name, number);
  }

  tell(id: string, event: Record<string, unknown>, buffers: ArrayBuffer[] = []): number {
    this.#number += 1;
    this.host.send({ id, n: this.#number, ...event }, buffers);
    return this.#number;
  }

  /** Load a widget's module and let it draw. */
  async start(drawn: Drawn, model: MirrorModel): Promise<void> {
    try {
      const css = drawn.state._css as string | undefined;
      if (css && !this.#sheets.has(css)) {
        this.#sheets.add(css);
        await this.host.sheet(css, this.el);
      }
      const module = await this.host.module(drawn.state._esm as string);
      if (!drawn.ended.signal.aborted) await run(module, model, drawn.view.el, drawn.ended.signal);
    } catch (error) {
      console.error(error);
      drawn.view.el.textContent = "this part could not be shown: load the page again";
    }
  }

  #draw(id: string, changed: ReadonlySet<string>): void {
    const drawn = this.#drawn.get(id);
    if (!drawn || !changed.size) return;
    const { state, view } = drawn;
    if (view.box && changed.has("children")) place(view.box, this.#elements(state.children));
    view.update(changed);
    if (changed.has("_dom_classes")) {
      const classes = (state._dom_classes as string[]).filter(Boolean);
      view.el.classList.remove(...drawn.classes);
      view.el.classList.add(...classes);
      drawn.classes = classes;
    }
    if (changed.has("layout")) lay(view.el, state.layout as State);
  }

  #elements(children: unknown): HTMLElement[] {
    const ids = Array.isArray(children) ? (children as string[]) : [];
    return ids.flatMap((id) => this.#drawn.get(id)?.view.el ?? []);
  }
}

/** Put elements in this order; those that stay keep their focus and their scroll. */
function place(box: HTMLElement, elements: HTMLElement[]): void {
  const wanted = new Set<Element>(elements);
  for (const child of [...box.children]) if (!wanted.has(child)) child.remove();
  elements.forEach((el, at) => {
    if (box.children[at] !== el) box.insertBefore(el, box.children[at] ?? null);
  });
}

/** The layout of a widget as style; what was set before and is not now is taken away. */
function lay(el: HTMLElement, layout: State): void {
  const before = (el.dataset.laid ?? "").split(" ").filter(Boolean);
  for (const name of before) if (!(name in layout)) el.style.removeProperty(name.replaceAll("_", "-"));
  for (const [name, value] of Object.entries(layout)) el.style.setProperty(name.replaceAll("_", "-"), String(value));
  const names = Object.keys(layout);
  if (names.length) el.dataset.laid = names.join(" ");
  else delete el.dataset.laid;
}

function put(state: State, path: (string | number)[], value: unknown): void {
  let at = state as Record<string | number, unknown>;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string | number, unknown>;
  const last = path[path.length - 1];
  if (last !== undefined) at[last] = value;
}

/** Follow the theme of what is around: the panels' style sheet looks for this attribute. */
export function followTheme(el: HTMLElement): () => void {
  const around = [document.documentElement, document.body];
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const is = (theme: "dark" | "light"): boolean =>
    around.some((one) => one.classList.contains(theme) || one.dataset.theme === theme || (one !== el && one.dataset.jpThemeLight === String(theme === "light")));
  const look = (): void => {
    const light = String(!(is("dark") || (!is("light") && dark.matches)));
    if (el.dataset.jpThemeLight !== light) el.dataset.jpThemeLight = light; // setting what is there would be a change, too
  };
  const observer = new MutationObserver(look);
  for (const one of around) observer.observe(one, { attributes: true, attributeFilter: ["class", "data-theme", "data-jp-theme-light"] });
  dark.addEventListener("change", look);
  look();
  return () => { observer.disconnect(); dark.removeEventListener("change", look); };
}
