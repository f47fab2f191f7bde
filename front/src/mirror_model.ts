// The model that a widget's own module is given, as anywidget gives it in a notebook.
import type { State } from "./mirror_views";

type Callback = (...args: unknown[]) => void;

/** A module as anywidget takes it. */
export interface WidgetModule {
  default?: unknown;
  render?: unknown;
}

export interface Outgoing {
  set(values: State): void;
  message(content: unknown, buffers: ArrayBuffer[]): void;
}

export class MirrorModel {
  #callbacks = new Map<string, Set<Callback>>();
  #unsaved: State = {};

  constructor(
    readonly state: State,
    private readonly out: Outgoing,
  ) {}

  get(name: string): unknown {
    return this.state[name];
  }

  set(name: string | State, value?: unknown): void {
    const values = typeof name === "string" ? { [name]: value } : name;
    Object.assign(this.#unsaved, values);
    this.changed(values);
  }

  save_changes(): void {
    const values = this.#unsaved;
    this.#unsaved = {};
    if (Object.keys(values).length) this.out.set(values);
  }

  send(content: unknown, _callbacks?: unknown, buffers: (ArrayBuffer | ArrayBufferView)[] = []): void {
    this.out.message(content, buffers.map(bytes));
  }

  on(names: string, callback: Callback): void {
    for (const name of names.split(/\s+/)) {
      const known = this.#callbacks.get(name) ?? new Set();
      this.#callbacks.set(name, known.add(callback));
    }
  }

  off(names?: string | null, callback?: Callback | null): void {
    for (const name of names ? names.split(/\s+/) : [...this.#callbacks.keys()]) {
      if (callback) this.#callbacks.get(name)?.delete(callback);
      else this.#callbacks.delete(name);
    }
  }

  /** Take new values, and tell of those that differ. */
  changed(values: State): void {
    const names = Object.keys(values).filter((name) => this.state[name] !== values[name]);
    Object.assign(this.state, values);
    for (const name of names) this.#call(`change:${name}`, this, values[name]);
    if (names.length) this.#call("change", this);
  }

  message(content: unknown, buffers: DataView[]): void {
    this.#call("msg:custom", content, buffers);
  }

  #call(name: string, ...args: unknown[]): void {
    for (const callback of [...(this.#callbacks.get(name) ?? [])]) {
      try {
        callback(...args);
      } catch (error) {
        console.error(error); // one that fails keeps no other from being told
      }
    }
  }
}

function bytes(part: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  if (part instanceof ArrayBuffer) return part;
  return part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength) as ArrayBuffer;
}

type Lifecycle = { initialize?: Callback; render?: (context: unknown) => unknown };

/** Run a widget's module in an element; returns what cleans up. */
export async function run(module: WidgetModule, model: MirrorModel, el: HTMLElement, signal: AbortSignal): Promise<void> {
  let own = (module.default ?? module) as Lifecycle | (() => Lifecycle | Promise<Lifecycle>);
  if (typeof own === "function") own = await own();
  if (signal.aborted) return;
  const ended: unknown[] = [];
  ended.push(await (own.initialize as ((context: unknown) => unknown) | undefined)?.({ model, signal }));
  ended.push(await own.render?.({ model, el, signal }));
  const end = (): void => {
    for (const one of ended) if (typeof one === "function") (one as () => void)();
    model.off();
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
}
