// Charts of one group share the cursor and the zoom. Each widget is a module of its own, so they meet at the page.
import type { Zone } from "./scales";
import type { Range } from "./spec";

export interface Member {
  /** Show the cursor at a moment, or nowhere. */
  point(time: number | null): void;
  /** Show a range, or everything. */
  zoom(range: Range | null): void;
  /** Show times in a zone. */
  setZone(zone: Zone): void;
}

const KEY = Symbol.for("createos-nb.charts");
type Registry = Map<string, Set<Member>>;

function registry(): Registry {
  const page = globalThis as { [KEY]?: Registry };
  return (page[KEY] ??= new Map());
}

/** Join a group; "" is none. Returns how to tell the others, and how to leave. */
export function join(name: string, me: Member): { others: (tell: (member: Member) => void) => void; leave: () => void } {
  if (!name) return { others: () => undefined, leave: () => undefined };
  const members = registry().get(name) ?? new Set();
  registry().set(name, members.add(me));
  return {
    others: (tell) => {
      for (const member of members) if (member !== me) tell(member);
    },
    leave: () => {
      members.delete(me);
      if (!members.size) registry().delete(name);
    },
  };
}
