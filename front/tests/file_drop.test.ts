// @vitest-environment happy-dom
import { expect, test, vi } from "vitest";
import { readEntries, withoutSkipped } from "../src/dropped_files";
import drop from "../src/file_drop";
import { fakeModel, rendered, type FakeModel } from "./model";

const CHUNK = 256 * 1024;

function model(disabled = false): FakeModel {
  return fakeModel({ skipped: ["node_modules", ".git"], limits: { bytes: 50e6, files: 1000 }, status: "", disabled });
}

/** An entry as the browser gives it: a file, or a folder that is read in batches. */
function entry(path: string, inside?: object[]): FileSystemEntry {
  const name = path.split("/").at(-1) as string;
  const batches = inside ? [inside, []] : [];
  return {
    name,
    fullPath: `/${path}`,
    isFile: !inside,
    file: (resolve: (file: File) => void) => resolve(new File(["x"], name)),
    createReader: () => ({ readEntries: (resolve: (batch: object[]) => void) => resolve(batches.shift() ?? []) }),
  } as unknown as FileSystemEntry;
}

function choose(el: HTMLElement, files: File[]): void {
  const input = el.querySelectorAll<HTMLInputElement>("input[type=file]")[1] as HTMLInputElement;
  Object.defineProperty(input, "files", { value: files, configurable: true });
  input.dispatchEvent(new Event("change"));
}

const sent = (own: FakeModel): Record<string, unknown>[] => own.send.mock.calls.map(([message]) => message);
const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 20));

test("what lies in a skipped folder is left out, and the folder is named once", () => {
  const files = ["app/a.js", "app/node_modules/x/a.js", "app/node_modules/y/b.js", "app/NODE_MODULES.md"].map((path) => ({
    path,
    file: new File(["x"], "x"),
  }));
  const { files: kept, skipped } = withoutSkipped(files, ["node_modules"]);
  expect(kept.map(({ path }) => path)).toEqual(["app/a.js", "app/NODE_MODULES.md"]);
  expect(skipped).toEqual(["app/node_modules"]);
});

test("a dropped folder is read to its end, and no further than the limit", async () => {
  const folder = (): FileSystemEntry =>
    entry("app", [entry("app/a.js"), entry("app/.git", [entry("app/.git/x")]), entry("app/src", [entry("app/src/b.js")])]);
  const all = await readEntries([folder()], [".git"], 100);
  expect(all.files.map(({ path }) => path).sort()).toEqual(["app/a.js", "app/src/b.js"]);
  expect(all.skipped).toEqual(["app/.git"]);
  const some = await readEntries([folder()], [], 0);
  expect(some.files).toHaveLength(1); // one more than there may be: the kernel refuses it
});

test("names and sizes are sent first, contents when the kernel asks, in chunks", async () => {
  const own = model();
  const { el } = rendered(drop, own);
  choose(el, [new File(["hello"], "a.txt"), new File([new Uint8Array(CHUNK + 10)], "b.bin")]);
  const [begin] = sent(own);
  expect(begin).toMatchObject({ kind: "begin", files: [["a.txt", 5], ["b.bin", CHUNK + 10]], skipped: [] });
  own.receive({ kind: "request", batch: begin!["batch"], files: [1, 0, 7] });
  await settled();
  const chunks = sent(own).slice(1);
  expect(chunks.flatMap((message) => message["chunks"])).toEqual([[1, 0], [1, CHUNK], [0, 0]]);
});

test("no more than four chunks are ahead of what the kernel has acknowledged", async () => {
  const own = model();
  const { el } = rendered(drop, own);
  choose(el, [new File([new Uint8Array(CHUNK * 7)], "big.bin")]);
  const batch = sent(own)[0]!["batch"];
  own.receive({ kind: "request", batch, files: [0] });
  await vi.waitFor(() => expect(sent(own)).toHaveLength(5));
  await settled();
  expect(sent(own)).toHaveLength(5);
  own.receive({ kind: "ack", batch });
  await vi.waitFor(() => expect(sent(own)).toHaveLength(6));
  own.receive({ kind: "cancel", batch });
  await settled();
  expect(sent(own)).toHaveLength(6); // nothing more is sent
});

test("a message for an older drop is not heard", async () => {
  const own = model();
  const { el } = rendered(drop, own);
  choose(el, [new File(["old"], "old.txt")]);
  const old = sent(own)[0]!["batch"];
  choose(el, [new File(["new"], "new.txt")]);
  own.receive({ kind: "request", batch: old, files: [0] });
  await settled();
  expect(sent(own)).toHaveLength(2);
});

test("the limits are said in words, and a zone that is disabled takes nothing", () => {
  const { el } = rendered(drop, model(true));
  expect(el.textContent).toContain("At most 50 MB and 1,000 files.");
  expect([...el.querySelectorAll("button")].every((one) => one.disabled)).toBe(true);
  const over = new Event("dragover", { cancelable: true });
  el.dispatchEvent(over);
  expect(over.defaultPrevented).toBe(false);
});
