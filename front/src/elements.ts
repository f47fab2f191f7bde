// Small pieces of the page that several widgets make.

let count = 0;

/** An id that no other element of the page has, whichever widget made it. */
export function uniqueId(kind: string): string {
  count += 1;
  return `createos-${kind}-${count}-${Math.random().toString(36).slice(2)}`;
}

/** A button with its text, and a name for screen readers where that says more. */
export function button(text: string, className: string, onClick: () => void, label = ""): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.textContent = text;
  if (label) element.setAttribute("aria-label", label);
  element.addEventListener("click", onClick);
  return element;
}

/** Milliseconds for which a button says that it has copied. */
const SAID = 2000;

/** A button that copies a text; where the browser has no clipboard for us, `otherwise` says what to do instead. */
export function copyButton(label: string, text: string, otherwise: () => string): HTMLButtonElement {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      element.textContent = "Copied";
    } catch {
      element.textContent = otherwise(); // no clipboard without https or permission
    }
    setTimeout(() => {
      element.textContent = "Copy";
    }, SAID);
  };
  const element = button("Copy", "createos-copy", () => void copy(), label);
  return element;
}
