// In JupyterLab the arrow keys, Enter and others are commands of the notebook. Within a panel they belong to the panel.
function render({ el }) {
  el.hidden = true;
  const suppress = (attempts) => {
    const panel = el.closest(".createos-panel");
    if (panel) {
      panel.setAttribute("data-lm-suppress-shortcuts", "true");
      panel.addEventListener("keydown", (event) => event.stopPropagation());
    } else if (attempts > 0) requestAnimationFrame(() => suppress(attempts - 1)); // the element is attached to the page after it is rendered
  };
  suppress(600);
}

export default { render };
