/** Keys of the desk: j k a r n e / ? */

const typing = (target) => target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

/** Move through the list; the case opens with Enter. @param {number} by */
function step(by) {
  const items = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".item")]);
  const at = items.findIndex((item) => item === document.activeElement);
  const from = at >= 0 ? at : items.findIndex((item) => item.hasAttribute("aria-current"));
  const next = items[Math.min(Math.max(from + by, 0), items.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** Go to what an action needs: its field, or its button. @param {string} act */
function reach(act) {
  const node = document.querySelector(`[data-act="${act}"]`);
  if (node instanceof HTMLDetailsElement) {
    node.open = true;
    node.querySelector("textarea")?.focus();
  } else if (node instanceof HTMLElement) node.focus();
  node?.scrollIntoView({ block: "center" });
}

const ACTS = { a: "take", r: "reply", n: "note", e: "close" };

/** Listen to the keys, except while somebody types. */
export function makeKeys() {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("keys"));
  document.querySelector("[data-keys]")?.addEventListener("click", () => dialog?.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog?.open) return;
    if (event.key === "Escape" && typing(event.target)) /** @type {HTMLElement} */ (event.target).blur();
    if (typing(event.target)) return;
    if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
    else if (event.key in ACTS) reach(ACTS[event.key]);
    else if (event.key === "/") document.getElementById("q")?.focus();
    else if (event.key === "?") dialog?.showModal();
    else return;
    event.preventDefault();
  });
}
