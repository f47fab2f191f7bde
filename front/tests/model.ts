// A model as the widgets see it: traits that change and say so, and the messages that were sent.
import { vi } from "vitest";

type Listener = (...args: unknown[]) => void;

export interface FakeModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes: ReturnType<typeof vi.fn>;
  send: ReturnType<typeof vi.fn>;
  on(names: string, listener: Listener): void;
  off(names: string, listener?: Listener): void;
  /** What the kernel sends. */
  receive(message: unknown, buffers?: DataView[]): void;
}

export function fakeModel(traits: Record<string, unknown>): FakeModel {
  const state = { ...traits };
  const listeners = new Map<string, Set<Listener>>();
  const call = (name: string, ...args: unknown[]): void => {
    for (const listener of listeners.get(name) ?? []) listener(...args);
  };
  return {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      call(`change:${name}`);
      call("change");
    },
    save_changes: vi.fn(),
    send: vi.fn(),
    on(names, listener) {
      for (const name of names.split(" ")) listeners.set(name, (listeners.get(name) ?? new Set()).add(listener));
    },
    off(names, listener) {
      for (const name of names.split(" ")) if (listener) listeners.get(name)?.delete(listener);
    },
    receive: (message, buffers = []) => call("msg:custom", message, buffers),
  };
}

/** Renders a widget into the page. */
export function rendered(
  widget: { render(context: never): unknown },
  model: FakeModel,
): { el: HTMLElement; end: () => void } {
  const el = document.createElement("div");
  document.body.append(el);
  const end = widget.render({ model, el } as never);
  return { el, end: typeof end === "function" ? (end as () => void) : () => undefined };
}
