// The page's connection to the dashboard: JSON, with bytes behind it where there are any, and again after it was lost.

export type Message = Record<string, unknown>;

export function pack(data: Message, buffers: ArrayBuffer[] = []): string | ArrayBuffer {
  if (!buffers.length) return JSON.stringify(data);
  const text = new TextEncoder().encode(JSON.stringify({ ...data, sizes: buffers.map((one) => one.byteLength) }));
  const all = new Uint8Array(4 + text.length + buffers.reduce((sum, one) => sum + one.byteLength, 0));
  new DataView(all.buffer).setUint32(0, text.length, true);
  all.set(text, 4);
  let at = 4 + text.length;
  for (const one of buffers) {
    all.set(new Uint8Array(one), at);
    at += one.byteLength;
  }
  return all.buffer;
}

export function unpack(message: string | ArrayBuffer): [Message, DataView[]] {
  if (typeof message === "string") return [JSON.parse(message) as Message, []];
  const length = new DataView(message).getUint32(0, true);
  const data = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 4, length))) as Message;
  let at = 4 + length;
  const buffers = (data.sizes as number[]).map((size) => {
    const one = new DataView(message.slice(at, at + size)); // of its own: what is in it may have to be aligned
    at += size;
    return one;
  });
  return [data, buffers];
}

export interface Handlers {
  /** What the page says first, each time. */
  hello(): Message;
  message(data: Message, buffers: DataView[]): void;
  /** `waits`: seconds until it is tried again. */
  lost(waits: number): void;
}

const LONGEST = 15;

export class Connection {
  #socket: WebSocket | null = null;
  #waits = 0.5;
  #ended = false;

  constructor(
    private readonly url: string,
    private readonly handlers: Handlers,
  ) {
    this.#connect();
  }

  send(data: Message, buffers: ArrayBuffer[] = []): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(pack(data, buffers));
  }

  end(): void {
    this.#ended = true;
    this.#socket?.close();
  }

  #connect(): void {
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#waits = 0.5;
      this.send(this.handlers.hello());
    });
    socket.addEventListener("message", (event) => {
      this.handlers.message(...unpack(event.data as string | ArrayBuffer));
    });
    socket.addEventListener("close", () => {
      if (this.#ended) return;
      this.handlers.lost(this.#waits);
      setTimeout(() => { if (!this.#ended) this.#connect(); }, this.#waits * 1000);
      this.#waits = Math.min(this.#waits * 2, LONGEST);
    });
  }
}
