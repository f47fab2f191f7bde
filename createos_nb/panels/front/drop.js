// Files and whole folders, dropped or chosen. First the names and sizes go to the kernel, which says what it wants; then
// the contents go in parts, a few messages ahead of the answers, so that neither side has to hold much.
const PART = 256 * 1024; // bytes of a message
const AHEAD = 4; // messages without an answer
let made = 0;

function render({ model, el }) {
  const id = `createos-drop-${(made += 1)}-${Math.random().toString(36).slice(2)}`;
  let batch = null; // { id, files, answered, gone }
  el.classList.add("createos-drop");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "Files to upload");

  const hint = document.createElement("p");
  hint.textContent = "Drop a folder or files here, or choose";
  const row = document.createElement("div");
  row.className = "createos-drop-row";
  const folder = choice("a folder", `${id}-folder`, (input) => { input.webkitdirectory = true; });
  const files = choice("files", `${id}-files`, (input) => { input.multiple = true; });
  row.append(folder.button, folder.input, files.button, files.input);
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", "Files received");
  bar.hidden = true;
  const limits = document.createElement("p");
  limits.className = "createos-quiet";
  el.append(hint, row, said, bar, limits);

  // the browser's own words on a file input are long and not ours: a button opens it
  function choice(word, name, how) {
    const input = document.createElement("input");
    input.type = "file";
    input.id = name;
    input.hidden = true;
    how(input);
    input.setAttribute("aria-label", `Choose ${word}`);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "createos-plain";
    button.textContent = `Choose ${word} …`;
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      const chosen = [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
      input.value = ""; // so that the same folder can be chosen again
      if (chosen.length) begin(...sorted(chosen));
    });
    return { input, button };
  }

  // what lies in a folder that no upload holds is not read: the folder's name is told once
  function sorted(chosen) {
    const skipped = new Set(model.get("skipped"));
    const left = new Set();
    const kept = chosen.filter(({ path }) => {
      const parts = path.split("/");
      const at = parts.slice(0, -1).findIndex((part) => skipped.has(part.toLowerCase()));
      if (at < 0) return true;
      left.add(parts.slice(0, at + 1).join("/"));
      return false;
    });
    return [kept, [...left]];
  }

  async function gone_through(entries) {
    const skipped = new Set(model.get("skipped"));
    const most = model.get("limits").files;
    const found = [];
    const left = [];
    const open = [...entries];
    while (open.length && found.length + left.length <= most) {
      const entry = open.pop();
      const path = entry.fullPath.replace(/^\//, "");
      if (entry.isFile) {
        found.push({ path, file: await new Promise((good, bad) => entry.file(good, bad)) });
      } else if (skipped.has(entry.name.toLowerCase())) {
        left.push(path);
      } else {
        const reader = entry.createReader();
        for (;;) {
          const some = await new Promise((good, bad) => reader.readEntries(good, bad)); // a hundred at a time
          if (!some.length) break;
          open.push(...some);
        }
      }
    }
    return [found, left];
  }

  function begin(found, left) {
    batch = { id: `${id}-${Math.random().toString(36).slice(2)}`, files: found, waiting: 0, wake: null };
    said.textContent = "…";
    model.send({ kind: "begin", batch: batch.id, files: found.map(({ path, file }) => [path, file.size]), left });
  }

  async function send(own, numbers) {
    let parts = [];
    let buffers = [];
    let held = 0;
    let sent = 0;
    const total = numbers.reduce((sum, number) => sum + own.files[number].file.size, 0);
    bar.hidden = total === 0;
    bar.max = total || 1;
    bar.value = 0;
    async function flush() {
      if (!parts.length) return;
      while (own.waiting >= AHEAD && own === batch) await new Promise((wake) => { own.wake = wake; });
      if (own !== batch) return;
      own.waiting += 1;
      model.send({ kind: "parts", batch: own.id, parts }, undefined, buffers);
      sent += held;
      bar.value = sent;
      [parts, buffers, held] = [[], [], 0];
    }
    for (const number of numbers) {
      const { path, file } = own.files[number];
      for (let at = 0; at < file.size; at += PART) {
        if (own !== batch) return;
        let data;
        try {
          data = await file.slice(at, at + PART).arrayBuffer();
        } catch {
          model.send({ kind: "failed", batch: own.id, path });
          return;
        }
        if (held + data.byteLength > PART) await flush();
        parts.push([number, at]);
        buffers.push(data);
        held += data.byteLength;
      }
    }
    await flush();
    bar.hidden = true;
  }

  model.on("msg:custom", (message) => {
    if (!batch || message.batch !== batch.id) return;
    if (message.kind === "want") {
      send(batch, message.files);
    } else if (message.kind === "got") {
      batch.waiting -= 1;
      batch.wake?.();
    } else if (message.kind === "stop") {
      const wake = batch.wake;
      batch = null;
      bar.hidden = true;
      wake?.();
    }
  });

  el.addEventListener("dragover", (event) => {
    if (model.get("disabled")) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook around it takes drops, too
    event.dataTransfer.dropEffect = "copy";
    el.classList.add("createos-over");
  });
  el.addEventListener("dragleave", () => el.classList.remove("createos-over"));
  el.addEventListener("drop", async (event) => {
    if (model.get("disabled")) return;
    event.preventDefault();
    event.stopPropagation();
    el.classList.remove("createos-over");
    const items = [...event.dataTransfer.items].filter((one) => one.kind === "file");
    const entries = items.map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
    const plain = [...event.dataTransfer.files].map((file) => ({ path: file.name, file }));
    try {
      if (entries.length) begin(...(await gone_through(entries)));
      else if (plain.length) begin(...sorted(plain));
    } catch (error) {
      said.textContent = `not taken: the browser could not read it (${error.name})`;
    }
  });

  function look() {
    said.textContent = model.get("said");
    said.hidden = !model.get("said");
    const { bytes, files: most } = model.get("limits");
    limits.textContent = `At most ${Math.round(bytes / 1e6)} MB and ${most.toLocaleString("en")} files. `
      + "A drop takes the place of the one before; what is left out is shown before anything is uploaded.";
    for (const one of [folder, files]) one.button.disabled = model.get("disabled");
  }
  model.on("change", look);
  look();
  return () => { batch = null; };
}

export default { render };
