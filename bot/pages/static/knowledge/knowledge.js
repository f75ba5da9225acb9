/** The knowledge page's helpers: keys, and the hit test in a sheet. Every form and link works without them. */

import { byId, el } from "../dom.js";
import { listen } from "../lists.js";

const sheet = /** @type {HTMLDialogElement} */ (byId("try"));
const body = byId("try-body");
let asked = 0;

/** Ask the server for the panel and show it. @param {URLSearchParams} values */
async function show(values) {
  const mine = (asked += 1);
  values.set("part", "1");
  body.setAttribute("aria-busy", "true");
  if (!body.childElementCount) body.replaceChildren(...[1, 2, 3].map(() => el("div", { class: "skeleton" })));
  if (!sheet.open) sheet.showModal();
  try {
    const response = await fetch(`/knowledge/try?${values}`, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    const html = await response.text();
    if (mine !== asked) return;
    if (response.redirected) return location.reload();
    // the server's own template, in which everything is escaped
    const panel = new DOMParser().parseFromString(html, "text/html").querySelector("[data-trial]");
    body.replaceChildren(panel ?? el("p", { class: "empty", text: "没有试成，请刷新页面再试。" }));
    /** @type {HTMLInputElement | null} */ (body.querySelector('[name="question"]'))?.focus();
  } catch {
    if (mine === asked) body.prepend(el("p", { class: "note note--bad", role: "alert", text: "暂时连不上服务，请稍后再试。" }));
  } finally {
    body.removeAttribute("aria-busy");
  }
}

/** Open the hit test as a link describes it. @param {HTMLElement} link */
function open(link) {
  const { question = "", audience = "customer", faq = "", attached = "" } = link.dataset;
  body.replaceChildren();
  void show(new URLSearchParams({ question, audience, faq, attached }));
}

for (const link of document.querySelectorAll("a[data-try]")) {
  link.addEventListener("click", (event) => {
    if (/** @type {MouseEvent} */ (event).ctrlKey || /** @type {MouseEvent} */ (event).metaKey) return;
    event.preventDefault();
    open(/** @type {HTMLElement} */ (link));
  });
}
body.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  void show(new URLSearchParams(/** @type {any} */ (new FormData(form))));
});
body.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-close]")) sheet.close();
});
sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());

/** Go to what an action needs. @param {string} act */
function reach(act) {
  const node = document.querySelector(`.case [data-act="${act}"]`) ?? document.querySelector(`[data-act="${act}"]`);
  if (node instanceof HTMLDetailsElement) {
    node.open = true;
    node.querySelector("input:not([type=hidden])")?.focus();
  } else if (node instanceof HTMLElement) node.click();
}

document.querySelector(".item[aria-current]")?.scrollIntoView({ block: "nearest" });

const ACTS = { n: "new", a: "attach", e: "edit" };

listen((key) => {
  if (key === "t") open(/** @type {HTMLElement} */ (document.querySelector(".case a[data-try]") ?? document.querySelector("a[data-try]")));
  else if (key in ACTS) reach(ACTS[key]);
  else return false;
  return true;
});
