/** Nothing typed is lost: a field with data-draft keeps its text in this tab until its form has been accepted. */

const PREFIX = "wenjin-draft:";

/** Forget a form's draft, and those of its single fields. @param {string} key */
function forget(key) {
  for (const kept of Object.keys(sessionStorage)) {
    if (kept === key || kept.startsWith(`${key}:`)) sessionStorage.removeItem(kept);
  }
}

/**
 * Keep the drafts of all fields that ask for it.
 * A field that the server filled (a form that came back) wins over what is kept.
 * A page that carries data-done says that its form was accepted: its draft is then forgotten.
 * @param {ParentNode} [root]
 */
export function keepDrafts(root = document) {
  const accepted = document.querySelector("[data-done]");
  if (accepted) forget(PREFIX + accepted.getAttribute("data-done"));
  accepted?.removeAttribute("data-done");
  for (const node of root.querySelectorAll("textarea[data-draft]")) {
    const field = /** @type {HTMLTextAreaElement} */ (node);
    const key = PREFIX + field.dataset.draft;
    const kept = sessionStorage.getItem(key);
    if (kept && !field.value) {
      field.value = kept;
      field.closest("details")?.setAttribute("open", "");
      field.dispatchEvent(new CustomEvent("draft", { bubbles: true }));
    }
    field.addEventListener("input", () =>
      field.value ? sessionStorage.setItem(key, field.value) : sessionStorage.removeItem(key));
  }
}
