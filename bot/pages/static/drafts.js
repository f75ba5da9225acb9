/** Nothing typed is lost: a field with data-draft keeps its text in this tab until its form has been accepted. */

const PREFIX = "wenjin-draft:";

/**
 * Keep the drafts of all fields that ask for it.
 * A field that the server filled (a form that came back) wins over what is kept.
 * A page that carries data-done says that its form was accepted: its draft is then forgotten.
 * @param {ParentNode} [root]
 */
export function keepDrafts(root = document) {
  const done = document.querySelector("[data-done]")?.getAttribute("data-done");
  if (done) sessionStorage.removeItem(PREFIX + done);
  for (const node of root.querySelectorAll("textarea[data-draft]")) {
    const field = /** @type {HTMLTextAreaElement} */ (node);
    const key = PREFIX + field.dataset.draft;
    const kept = sessionStorage.getItem(key);
    if (kept && !field.value) {
      field.value = kept;
      field.closest("details")?.setAttribute("open", "");
    }
    field.addEventListener("input", () =>
      field.value ? sessionStorage.setItem(key, field.value) : sessionStorage.removeItem(key));
  }
}
