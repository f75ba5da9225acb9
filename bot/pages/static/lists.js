/** A list that one moves through with j and k, and the dialog that names the keys: desk and knowledge alike. */

/** @param {EventTarget | null} target @returns {boolean} whether somebody types there */
export const typing = (target) =>
  target instanceof HTMLElement && target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

/** @returns {HTMLElement | undefined} the line that has the focus, else the open one */
export function here() {
  const items = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".item")]);
  return items.find((item) => item.parentElement?.contains(document.activeElement)) ?? items.find((item) => item.hasAttribute("aria-current"));
}

/** Move through the list; the case opens with o or Enter. @param {number} by */
export function step(by) {
  const items = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".item")]);
  const from = items.indexOf(/** @type {HTMLElement} */ (here()));
  const next = items[Math.min(Math.max(from + by, 0), items.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/**
 * Listen to keys, except while somebody types or a dialog is open; j k o ? are the same everywhere.
 * @param {(key: string, event: KeyboardEvent) => boolean} own does what a key means on this page, false for nothing
 */
export function listen(own) {
  const keys = /** @type {HTMLDialogElement} */ (document.getElementById("keys"));
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-keys]")) keys.showModal();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && typing(event.target)) return /** @type {HTMLElement} */ (event.target).blur();
    if (typing(event.target)) return;
    if (own(event.key, event)) event.preventDefault();
    else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
    else if (event.key === "o") here()?.click();
    else if (event.key === "?") keys.showModal();
    else return;
    event.preventDefault();
  });
}
