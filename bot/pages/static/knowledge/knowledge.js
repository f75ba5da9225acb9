/** The knowledge page's helpers: keys, and the hit test in a sheet. Every form and link works without them. */

import { byId, el } from "../dom.js";

const typing = (target) => target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
const sheet = /** @type {HTMLDialogElement} */ (byId("try"));
const body = byId("try-body");
const keys = /** @type {HTMLDialogElement} */ (byId("keys"));
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
document.querySelector("[data-keys]")?.addEventListener("click", () => keys.showModal());

/** Move through the list; the line opens with Enter. @param {number} by */
function step(by) {
  const items = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".item")]);
  const at = items.findIndex((item) => item === document.activeElement);
  const from = at >= 0 ? at : items.findIndex((item) => item.hasAttribute("aria-current"));
  const next = items[Math.min(Math.max(from + by, 0), items.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

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

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || keys.open || sheet.open) return;
  if (event.key === "Escape" && typing(event.target)) /** @type {HTMLElement} */ (event.target).blur();
  if (typing(event.target)) return;
  if (event.key === "t") open(/** @type {HTMLElement} */ (document.querySelector(".case a[data-try]") ?? document.querySelector("a[data-try]")));
  else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else if (event.key in ACTS) reach(ACTS[event.key]);
  else if (event.key === "?") keys.showModal();
  else return;
  event.preventDefault();
});
