// Bundles each widget of src/ into one module that the package ships: no import is left in it, so that no page asks
// another server. `node build.mjs --check` writes nothing and fails where a committed bundle is not what src/ gives.
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../createos_nb/panels/front/", import.meta.url));
/** Each becomes a module of its own. */
const WIDGETS = [
  "action_button",
  "chart",
  "dashboard",
  "file_drop",
  "grid",
  "keyboard_scope",
  "log",
  "mirror_widget",
  "secret",
  "slider",
  "version_cards",
];

const result = await build({
  absWorkingDir: here,
  entryPoints: WIDGETS.map((name) => `src/${name}.ts`),
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  loader: { ".css": "text" },
  legalComments: "inline",
  write: false,
});

const check = process.argv.includes("--check");
let stale = 0;
for (const file of result.outputFiles) {
  const committed = await readFile(file.path, "utf8").catch(() => "");
  if (committed === file.text) continue;
  stale += 1;
  if (check) console.error(`${basename(file.path)} is not what src/ gives: run make front`);
  else await writeFile(file.path, file.text);
}
if (!check) console.log(`${stale} of ${result.outputFiles.length} modules written`);
process.exitCode = check && stale ? 1 : 0;
