// A drop zone for files and folders. The names and sizes are sent first, and the kernel requests the files it needs; their
// contents follow in chunks, a few of them ahead of the acknowledgements, so that neither side has to buffer much.
const CHUNK_BYTES = 256 * 1024;
const MAX_UNACKNOWLEDGED = 4;
let count = 0;

function render({ model, el }) {
  const id = `createos-file-drop-${(count += 1)}-${Math.random().toString(36).slice(2)}`;
  let batch = null; // { id, files, unacknowledged, wake }
  el.classList.add("createos-file-drop");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "Files to upload");

  const hint = document.createElement("p");
  hint.textContent = "Drop a folder or files here, or choose";
  const row = document.createElement("div");
  row.className = "createos-file-drop-buttons";
  const folder = fileButton("a folder", `${id}-folder`, (input) => { input.webkitdirectory = true; });
  const files = fileButton("files", `${id}-files`, (input) => { input.multiple = true; });
  row.append(folder.button, folder.input, files.button, files.input);
  const status = document.createElement("p");
  status.setAttribute("role", "status");
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", "Files received");
  bar.hidden = true;
  const limits = document.createElement("p");
  limits.className = "createos-muted";
  el.append(hint, row, status, bar, limits);

  // the label of a file input can't be changed: a button opens it instead
  function fileButton(label, name, configure) {
    const input = document.createElement("input");
    input.type = "file";
    input.id = name;
    input.hidden = true;
    configure(input);
    input.setAttribute("aria-label", `Choose ${label}`);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "createos-button";
    button.textContent = `Choose ${label} …`;
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      const selected = [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
      input.value = ""; // so that the same folder can be chosen again
      if (selected.length) begin(...withoutSkipped(selected));
    });
    return { input, button };
  }

  // files in a skipped folder are not read: the name of the folder is sent once
  function withoutSkipped(selected) {
    const skipped = new Set(model.get("skipped"));
    const skippedFolders = new Set();
    const files = selected.filter(({ path }) => {
      const parts = path.split("/");
      const at = parts.slice(0, -1).findIndex((part) => skipped.has(part.toLowerCase()));
      if (at < 0) return true;
      skippedFolders.add(parts.slice(0, at + 1).join("/"));
      return false;
    });
    return [files, [...skippedFolders]];
  }

  async function readEntries(entries) {
    const skipped = new Set(model.get("skipped"));
    const maxFiles = model.get("limits").files;
    const files = [];
    const skippedFolders = [];
    const open = [...entries];
    while (open.length && files.length + skippedFolders.length <= maxFiles) {
      const entry = open.pop();
      const path = entry.fullPath.replace(/^\//, "");
      if (entry.isFile) {
        files.push({ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
      } else if (skipped.has(entry.name.toLowerCase())) {
        skippedFolders.push(path);
      } else {
        const reader = entry.createReader();
        for (;;) {
          const batchOfEntries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
          if (!batchOfEntries.length) break; // at most a hundred at a time
          open.push(...batchOfEntries);
        }
      }
    }
    return [files, skippedFolders];
  }

  function begin(selected, skippedFolders) {
    batch = { id: `${id}-${Math.random().toString(36).slice(2)}`, files: selected, unacknowledged: 0, wake: null };
    status.textContent = "…";
    model.send({ kind: "begin", batch: batch.id, files: selected.map(({ path, file }) => [path, file.size]), skipped: skippedFolders });
  }

  async function send(drop, numbers) {
    let chunks = [];
    let buffers = [];
    let buffered = 0;
    let sent = 0;
    const total = numbers.reduce((sum, number) => sum + drop.files[number].file.size, 0);
    bar.hidden = total === 0;
    bar.max = total || 1;
    bar.value = 0;
    async function flush() {
      if (!chunks.length) return;
      while (drop.unacknowledged >= MAX_UNACKNOWLEDGED && drop === batch) await new Promise((wake) => { drop.wake = wake; });
      if (drop !== batch) return;
      drop.unacknowledged += 1;
      model.send({ kind: "chunks", batch: drop.id, chunks }, undefined, buffers);
      sent += buffered;
      bar.value = sent;
      [chunks, buffers, buffered] = [[], [], 0];
    }
    for (const number of numbers) {
      const { path, file } = drop.files[number];
      for (let at = 0; at < file.size; at += CHUNK_BYTES) {
        if (drop !== batch) return;
        let data;
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

  model.on("msg:custom", (message) => {
    if (!batch || message.batch !== batch.id) return;
    if (message.kind === "request") {
      send(batch, message.files);
    } else if (message.kind === "ack") {
      batch.unacknowledged -= 1;
      batch.wake?.();
    } else if (message.kind === "cancel") {
      const wake = batch.wake;
      batch = null;
      bar.hidden = true;
      wake?.();
    }
  });

  el.addEventListener("dragover", (event) => {
    if (model.get("disabled")) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab handles drops too
    event.dataTransfer.dropEffect = "copy";
    el.classList.add("createos-dragover");
  });
  el.addEventListener("dragleave", () => el.classList.remove("createos-dragover"));
  el.addEventListener("drop", async (event) => {
    if (model.get("disabled")) return;
    event.preventDefault();
    event.stopPropagation();
    el.classList.remove("createos-dragover");
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const entries = items.map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = [...event.dataTransfer.files].map((file) => ({ path: file.name, file }));
    try {
      if (entries.length) begin(...(await readEntries(entries)));
      else if (files.length) begin(...withoutSkipped(files));
    } catch (error) {
      status.textContent = `rejected: the browser could not read it (${error.name})`;
    }
  });

  function update() {
    status.textContent = model.get("status");
    status.hidden = !model.get("status");
    const { bytes, files: maxFiles } = model.get("limits");
    limits.textContent = `At most ${Math.round(bytes / 1e6)} MB and ${maxFiles.toLocaleString("en")} files. `
      + "A new drop replaces the one before. You see what is left out before anything is uploaded.";
    for (const { button } of [folder, files]) button.disabled = model.get("disabled");
  }
  model.on("change", update);
  update();
  return () => { batch = null; };
}

export default { render };
