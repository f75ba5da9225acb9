/** The steps of a ticket: one form open at a time, opened and folded in place. */

/** @param {string} step @returns {HTMLFormElement | null} */
const formOf = (step) => document.querySelector(`[data-form="${CSS.escape(step)}"]`);

/** Open a step's form, and put the focus where one begins. @param {string} step @param {boolean} [focus] */
export function openForm(step, focus = true) {
  const wanted = formOf(step);
  if (!wanted) return;
  for (const form of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-form]"))) form.hidden = form !== wanted;
  document.querySelector(".more")?.removeAttribute("open");
  mark();
  if (!focus) return;
  const fields = /** @type {HTMLElement[]} */ ([...wanted.querySelectorAll("textarea, select, input:not([type=hidden])")]);
  const empty = fields.find((field) => field instanceof HTMLTextAreaElement ? !field.value : field.matches("select"));
  (empty ?? fields[0])?.focus();
}

/** Fold the open form; what was typed stays in it. @returns {boolean} whether one was open */
export function foldForm() {
  const open = /** @type {HTMLElement | null} */ (document.querySelector("[data-form]:not([hidden])"));
  if (!open) return false;
  open.hidden = true;
  mark();
  /** @type {HTMLElement | null} */ (document.querySelector(`[data-open="${open.dataset.form}"]`))?.focus();
  return true;
}

/** Say of each opener whether its form is open. */
export function mark() {
  for (const opener of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".acts [data-open]"))) {
    opener.setAttribute("aria-expanded", String(formOf(opener.dataset.open ?? "")?.hidden === false));
  }
}

/** @returns {boolean} whether somebody has begun to write something in the case */
export const begun = () => document.querySelector("[data-form]:not([hidden])") !== null;

/** Go to a step: its form, or its button. @param {string} selector @returns {boolean} */
export function reach(selector) {
  const node = document.querySelector(`.case ${selector}`);
  if (!(node instanceof HTMLElement)) return false;
  if (node.dataset.open) openForm(node.dataset.open);
  else node.focus();
  node.scrollIntoView({ block: "nearest" });
  return true;
}

/** Listen for openers, Ctrl+Enter, and drafts that were put back. */
export function followForms() {
  document.addEventListener("click", (event) => {
    const node = event.target instanceof Element ? event.target : null;
    const opener = /** @type {HTMLElement | null} */ (node?.closest(".acts [data-open]") ?? null);
    if (opener && formOf(opener.dataset.open ?? "")) {
      event.preventDefault();
      openForm(opener.dataset.open ?? "");
    } else if (node?.closest("[data-fold]")) {
      event.preventDefault();
      foldForm();
    } else if (!node?.closest(".more")) document.querySelector(".more[open]")?.removeAttribute("open");
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const field = event.target instanceof HTMLTextAreaElement ? event.target : null;
    if (field?.form?.dataset.form) field.form.requestSubmit();
  });
}
