// The colours of the page around a chart, light or dark, and when they change.

/** Colours as a canvas takes them. */
export type Palette = Record<string, string>;

/** What series and parts of a chart may be coloured by: variables of the style sheet. */
export const COLORS = ["series", "error", "usual", "primary", "ok", "degraded", "quiet", "line", "edge", "area", "range", "ground"];

/** The elements above one, also through the border of a shadow tree, where marimo renders widgets. */
function* above(element: Element): Iterable<Element> {
  let current: Element | null = element;
  while (current) {
    yield current;
    const root = current.getRootNode();
    current = current.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
  }
}

/** Whether the page is dark: what the host says, else what the person's system prefers. */
export function isDark(element: Element): boolean {
  for (const one of above(element)) {
    const jupyter = one.getAttribute("data-jp-theme-light");
    if (jupyter) return jupyter === "false";
    if (one.classList.contains("dark")) return true;
    if (one.classList.contains("light")) return false;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Reads the colours that hold at an element; a canvas knows no variables. */
export function palette(element: HTMLElement): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const found: Palette = {};
  for (const name of COLORS) {
    probe.style.color = `var(--ch-${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

/** Calls back when the theme of the page may have changed; returns what ends it. */
export function watchTheme(element: Element, changed: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const later = (): void => {
    changed();
    clearTimeout(timer);
    timer = setTimeout(changed, 300); // JupyterLab may load the colours after it names the theme
  };
  const observer = new MutationObserver(later);
  for (const one of above(element)) {
    if (one === document.documentElement || one === document.body || one.hasAttribute("data-jp-theme-light"))
      observer.observe(one, { attributes: true, attributeFilter: ["class", "data-jp-theme-light", "data-theme"] });
  }
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", later);
  return () => {
    observer.disconnect();
    media.removeEventListener("change", later);
    clearTimeout(timer);
  };
}
