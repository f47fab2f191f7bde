// In JupyterLab the arrow keys, Enter and others are commands of the notebook. Within a panel they are the panel's.
function render({ el }) {
  el.hidden = true;
  const mark = (left) => {
    const panel = el.closest(".createos-panel");
    if (panel) {
      panel.setAttribute("data-lm-suppress-shortcuts", "true");
      panel.addEventListener("keydown", (event) => event.stopPropagation());
    } else if (left > 0) requestAnimationFrame(() => mark(left - 1)); // it is put into the page after it is drawn
  };
  mark(600);
}

export default { render };
