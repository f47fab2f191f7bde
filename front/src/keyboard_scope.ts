// In JupyterLab the arrow keys, Enter and others are commands of the notebook. Within a panel they belong to the panel.
import type { RenderProps } from "@anywidget/types";

/** Frames to wait until the element is attached to the page, which happens after it is rendered. */
const ATTEMPTS = 600;

function render({ el }: RenderProps): void {
  el.hidden = true;
  const suppress = (attempts: number): void => {
    const panel = el.closest(".createos-panel");
    if (panel) {
      panel.setAttribute("data-lm-suppress-shortcuts", "true");
      panel.addEventListener("keydown", (event) => event.stopPropagation());
    } else if (attempts > 0) requestAnimationFrame(() => suppress(attempts - 1));
  };
  suppress(ATTEMPTS);
}

export default { render };
