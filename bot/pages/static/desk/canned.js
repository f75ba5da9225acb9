/** Canned replies in a reply's form: Ctrl+/ or the button opens the list, Enter inserts, Tab goes to the next gap. */

import { el } from "../dom.js";

const GAP = /\{[^{}\s]{1,30}\}/g;
/** @type {HTMLTextAreaElement | null} */
let field = null;

/** @param {HTMLElement} link */
async function open(link) {
  const sheet = /** @type {HTMLDialogElement} */ (document.getElementById("canned-pick"));
  const body = /** @type {HTMLElement} */ (sheet.firstElementChild);
  const form = /** @type {HTMLFormElement} */ (link.closest("form"));
  const focused = document.activeElement;
  field = focused instanceof HTMLTextAreaElement && form.contains(focused) ? focused : form.querySelector("textarea");
  body.replaceChildren(...[1, 2, 3].map(() => el("div", { class: "skeleton" })));
  sheet.showModal();
  try {
    const response = await fetch(/** @type {HTMLAnchorElement} */ (link).href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    // the server's own template, in which everything is escaped
    const list = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-replies]");
    body.replaceChildren(list ?? el("p", { class: "empty", text: "没有取到常用答复，请刷新页面再试。" }));
  } catch {
    body.replaceChildren(el("p", { class: "empty", text: "暂时连不上服务，请稍后再试。" }));
  }
  const search = /** @type {HTMLInputElement | null} */ (body.querySelector("[data-filter]"));
  if (!search) return;
  search.hidden = false;
  search.focus();
}

/** Show the replies whose words have what is looked for. @param {HTMLInputElement} search */
function narrow(search) {
  const wanted = search.value.trim().toLowerCase();
  for (const item of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#canned-pick li"))) {
    item.hidden = !item.textContent?.toLowerCase().includes(wanted);
  }
}

/** Move among the replies that are shown. @param {number} by */
function step(by) {
  const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#canned-pick li:not([hidden]) a")]);
  const at = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}

/** @param {string} text */
function insert(text) {
  /** @type {HTMLDialogElement} */ (document.getElementById("canned-pick")).close();
  if (!field) return;
  const from = field.selectionStart;
  field.setRangeText(text, from, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
  field.setSelectionRange(from, from);
  if (!nextGap(field)) field.setSelectionRange(from + text.length, from + text.length);
}

/** Select the next field that is not filled; the customer's name is filled in when it is sent. @param {HTMLTextAreaElement} area */
function nextGap(area) {
  const gaps = [...area.value.matchAll(GAP)].filter((gap) => gap[0] !== "{customer}");
  const next = gaps.find((gap) => gap.index >= area.selectionEnd);
  if (next) area.setSelectionRange(next.index, next.index + next[0].length);
  return next !== undefined;
}

/** Listen for the button, the keys, and a choice. */
export function followCanned() {
  document.addEventListener("click", (event) => {
    const node = event.target instanceof Element ? event.target : null;
    const [opener, reply, close] = ["[data-canned]", "#canned-pick a.reply", "#canned-pick [data-close]"].map((s) => node?.closest(s));
    if (!opener && !reply && !close) return;
    event.preventDefault();
    if (opener) void open(/** @type {HTMLElement} */ (opener));
    else if (reply) insert(reply.getAttribute("data-text") ?? "");
    else /** @type {HTMLDialogElement} */ (document.getElementById("canned-pick")).close();
  });
  document.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.matches("[data-filter]")) narrow(event.target);
  });
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : null;
    if (event.isComposing || !target) return;
    const opener = /** @type {HTMLElement | null} */ (target.closest("form")?.querySelector("[data-canned]") ?? null);
    if (event.key === "/" && (event.ctrlKey || event.metaKey) && opener) void open(opener);
    else if (event.key === "Tab" && !event.shiftKey && opener && target instanceof HTMLTextAreaElement && nextGap(target)) { /* done */ }
    else if (target.closest("#canned-pick") && (event.key === "ArrowDown" || event.key === "ArrowUp")) step(event.key === "ArrowDown" ? 1 : -1);
    else if (target.matches("#canned-pick [data-filter]") && event.key === "Enter") {
      /** @type {HTMLElement | null} */ (document.querySelector("#canned-pick li:not([hidden]) a"))?.click();
    } else return;
    event.preventDefault();
  });
}
