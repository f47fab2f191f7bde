// A drop zone for files and folders. The names and sizes are sent first, and the kernel requests the files it needs; their
// contents follow in chunks, a few of them ahead of the acknowledgements, so that neither side has to buffer much.
import type { RenderProps } from "@anywidget/types";
import { readEntries, withoutSkipped, type Found, type Selection } from "./dropped_files";
import { button, uniqueId } from "./elements";

const CHUNK_BYTES = 256 * 1024;
const MAX_UNACKNOWLEDGED = 4;

interface Traits {
  /** Names of folders that are not read. */
  skipped: string[];
  limits: { bytes: number; files: number };
  status: string;
  disabled: boolean;
}

interface Batch {
  id: string;
  files: Found[];
  unacknowledged: number;
  wake: (() => void) | null;
}

type Message = { batch: string } & ({ kind: "request"; files: number[] } | { kind: "ack" } | { kind: "cancel" });

function paragraph(className: string): HTMLParagraphElement {
  const made = document.createElement("p");
  made.className = className;
  return made;
}

function render({ model, el }: RenderProps<Traits>): () => void {
  const id = uniqueId("file-drop");
  let batch: Batch | null = null;
  el.classList.add("createos-file-drop");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "Files to upload");

  const hint = paragraph("");
  hint.textContent = "Drop a folder or files here, or choose";
  const row = document.createElement("div");
  row.className = "createos-file-drop-buttons";
  const folder = fileButton("a folder", `${id}-folder`, (input) => {
    input.webkitdirectory = true;
  });
  const files = fileButton("files", `${id}-files`, (input) => {
    input.multiple = true;
  });
  row.append(folder.open, folder.input, files.open, files.input);
  const status = paragraph("");
  status.setAttribute("role", "status");
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", "Files received");
  bar.hidden = true;
  const limits = paragraph("createos-muted");
  el.append(hint, row, status, bar, limits);

  /** The label of a file input can't be changed: a button opens it instead. */
  function fileButton(
    label: string,
    name: string,
    configure: (input: HTMLInputElement) => void,
  ): { input: HTMLInputElement; open: HTMLButtonElement } {
    const input = document.createElement("input");
    input.type = "file";
    input.id = name;
    input.hidden = true;
    configure(input);
    input.setAttribute("aria-label", `Choose ${label}`);
    const open = button(`Choose ${label} …`, "createos-button", () => input.click());
    input.addEventListener("change", () => {
      const selected = [...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
      input.value = ""; // so that the same folder can be chosen again
      if (selected.length) begin(withoutSkipped(selected, model.get("skipped")));
    });
    return { input, open };
  }

  function begin(selection: Selection): void {
    batch = { id: `${id}-${Math.random().toString(36).slice(2)}`, files: selection.files, unacknowledged: 0, wake: null };
    status.textContent = "…";
    const sizes = selection.files.map(({ path, file }) => [path, file.size]);
    model.send({ kind: "begin", batch: batch.id, files: sizes, skipped: selection.skipped });
  }

  async function send(drop: Batch, wanted: number[]): Promise<void> {
    const chosen = wanted.flatMap((number) => {
      const found = drop.files[number];
      return found ? [{ number, ...found }] : [];
    });
    let chunks: [file: number, offset: number][] = [];
    let buffers: ArrayBuffer[] = [];
    let buffered = 0;
    let sent = 0;
    const total = chosen.reduce((sum, { file }) => sum + file.size, 0);
    bar.hidden = total === 0;
    bar.max = total || 1;
    bar.value = 0;
    async function flush(): Promise<void> {
      if (!chunks.length) return;
      while (drop.unacknowledged >= MAX_UNACKNOWLEDGED && drop === batch)
        await new Promise<void>((wake) => {
          drop.wake = wake;
        });
      if (drop !== batch) return;
      drop.unacknowledged += 1;
      model.send({ kind: "chunks", batch: drop.id, chunks }, undefined, buffers);
      sent += buffered;
      bar.value = sent;
      [chunks, buffers, buffered] = [[], [], 0];
    }
    for (const { number, path, file } of chosen) {
      for (let at = 0; at < file.size; at += CHUNK_BYTES) {
        if (drop !== batch) return;
        let data: ArrayBuffer;
        try {
          data = await file.slice(at, at + CHUNK_BYTES).arrayBuffer();
        } catch {
          model.send({ kind: "read_error", batch: drop.id, path });
          return;
        }
        if (buffered + data.byteLength > CHUNK_BYTES) await flush();
        chunks.push([number, at]);
        buffers.push(data);
        buffered += data.byteLength;
      }
    }
    await flush();
    bar.hidden = true;
  }

  model.on("msg:custom", (message: Message) => {
    if (!batch || message.batch !== batch.id) return;
    if (message.kind === "request") {
      void send(batch, message.files);
    } else if (message.kind === "ack") {
      batch.unacknowledged -= 1;
      batch.wake?.();
    } else if (message.kind === "cancel") {
      const { wake } = batch;
      batch = null;
      bar.hidden = true;
      wake?.();
    }
  });

  el.addEventListener("dragover", (event) => {
    if (model.get("disabled")) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab handles drops too
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    el.classList.add("createos-dragover");
  });
  el.addEventListener("dragleave", () => el.classList.remove("createos-dragover"));
  el.addEventListener("drop", (event) => {
    if (model.get("disabled")) return;
    event.preventDefault();
    event.stopPropagation();
    el.classList.remove("createos-dragover");
    if (event.dataTransfer) void take(event.dataTransfer);
  });

  async function take(transfer: DataTransfer): Promise<void> {
    // what was dropped is gone after the event: it is taken out at once
    const items = [...transfer.items].filter((item) => item.kind === "file");
    const entries = items.flatMap((item) => item.webkitGetAsEntry?.() ?? []);
    const dropped = [...transfer.files].map((file) => ({ path: file.name, file }));
    try {
      if (entries.length) begin(await readEntries(entries, model.get("skipped"), model.get("limits").files));
      else if (dropped.length) begin(withoutSkipped(dropped, model.get("skipped")));
    } catch (error) {
      status.textContent = `rejected: the browser could not read it (${(error as Error).name})`;
    }
  }

  function update(): void {
    status.textContent = model.get("status");
    status.hidden = !model.get("status");
    const { bytes, files: most } = model.get("limits");
    limits.textContent =
      `At most ${Math.round(bytes / 1e6)} MB and ${most.toLocaleString("en")} files. ` +
      "A new drop replaces the one before. You see what is left out before anything is uploaded.";
    for (const { open } of [folder, files]) open.disabled = model.get("disabled");
  }
  model.on("change", update);
  update();
  return () => {
    batch = null;
  };
}

export default { render };
