// In JupyterLab and Notebook the arrow keys, Enter and others are commands of the notebook. Within a panel they belong to
// the panel.
import type { RenderProps } from "@anywidget/types";

/** Frames to wait until the element is attached to the page, which happens after it is rendered. */
const ATTEMPTS = 600;

const SUPPRESS = "data-lm-suppress-shortcuts";

/** Notebook 7 takes keys before the page does, and looks at what has the focus before it looks at what is around it. */
function suppressAt({ target }: Event): void {
  if (target instanceof Element) target.setAttribute(SUPPRESS, "true");
}

function render({ el }: RenderProps): void {
  el.hidden = true;
  const suppress = (attempts: number): void => {
    const panel = el.closest(".createos-panel");
    if (panel) {
      panel.setAttribute(SUPPRESS, "true");
      panel.addEventListener("focusin", suppressAt);
      panel.addEventListener("keydown", (event) => event.stopPropagation());
    } else if (attempts > 0) requestAnimationFrame(() => suppress(attempts - 1));
  };
  suppress(ATTEMPTS);
}

export default { render };
