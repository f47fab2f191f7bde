// A panel in a front end that has anywidgets alone, such as marimo: the mirror over the messages of one.
import type { RenderProps } from "@anywidget/types";
import { followTheme, Mirror, type Update } from "./mirror";
import type { WidgetModule } from "./mirror_model";

function render({ model, el }: RenderProps): () => void {
  const own = document.createElement("div");
  el.append(own);
  const viewer = crypto.getRandomValues(new Uint32Array(2)).join("-");
  const texts = new Map<string, string>();
  const modules = new Map<string, Promise<WidgetModule>>();
  const mirror = new Mirror(own, {
    send: (event, buffers) => model.send({ viewer, event }, undefined, buffers),
    module: (digest) => {
      const known = modules.get(digest) ?? load(texts.get(digest) ?? "");
      modules.set(digest, known);
      return known;
    },
    sheet: async (digest, before) => {
      const sheet = document.createElement("style");
      sheet.textContent = texts.get(digest) ?? "";
      before.before(sheet);
    },
  });
  const onMessage = (message: { viewer: string; update: Update }, buffers: DataView[]): void => {
    if (message.viewer !== viewer) return;
    for (const [digest, text] of Object.entries(message.update.modules ?? {})) texts.set(digest, text);
    mirror.apply(message.update, buffers);
  };
  const follow = followTheme(own);
  const look = (): void => model.send({ viewer, event: { looking: !document.hidden } });
  document.addEventListener("visibilitychange", look);
  model.on("msg:custom", onMessage);
  model.send({ viewer, here: true });
  return () => {
    document.removeEventListener("visibilitychange", look);
    model.off("msg:custom", onMessage);
    model.send({ viewer, here: false });
    follow();
    mirror.clear();
  };
}

async function load(text: string): Promise<WidgetModule> {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return (await import(/* @vite-ignore */ url)) as WidgetModule;
  } finally {
    URL.revokeObjectURL(url);
  }
}

export default { render };
