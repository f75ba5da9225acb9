/**
 * The desk without page reloads: its links and forms are fetched and the three panes exchanged. Where that cannot be
 * done, the browser does what it does without a script, or what was typed stays and the reason is said.
 */

import { el, icon } from "../dom.js";

const PANES = [".queues", ".list", ".case"];
const desk = () => document.querySelector("[data-desk]");
let asked = 0;

/** @type {() => void} */
let shown = () => undefined;

/** @param {string} html @returns {Document} */
const parse = (html) => new DOMParser().parseFromString(html, "text/html");

/**
 * Take over links and forms; `after` is called whenever panes were exchanged.
 * @param {() => void} after
 */
export function takeOver(after) {
  shown = after;
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!ours(link.href) || link.target || !desk()?.contains(link)) return;
    event.preventDefault();
    void visit(link.href, { push: true, quiet: link.hasAttribute("data-quiet") });
  });
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (event.defaultPrevented || !desk()?.contains(form) || button?.hasAttribute("data-plain")) return;
    const action = new URL(button?.getAttribute("formaction") ?? form.getAttribute("action") ?? "", location.href);
    if (!ours(action.href)) return;
    event.preventDefault();
    if (form.dataset.ask && !confirm(form.dataset.ask)) return;
    void send(form, action);
  });
  addEventListener("popstate", () => void visit(location.href, {}));
}

/** @param {string} url @returns {boolean} whether it is a page of the desk that has its panes */
function ours(url) {
  const { origin, pathname } = new URL(url, location.href);
  return origin === location.origin && /^\/desk(\/(tickets|bulk|canned|handovers)(\/|$)|$)/.test(pathname) && !/\/files\/[^/]+$/.test(pathname);
}

/** Send a form once, whatever is pressed meanwhile. @param {HTMLFormElement} form @param {URL} action */
async function send(form, action) {
  const values = new FormData(form);
  if (form.method === "get") {
    const wanted = [...values].filter(([, value]) => value !== "");
    action.search = String(new URLSearchParams(/** @type {any} */ (wanted)));
    return visit(action.href, { push: true });
  }
  if (form.hasAttribute("data-sending")) return;
  form.setAttribute("data-sending", "");
  const body = form.enctype.startsWith("multipart") ? values : new URLSearchParams(/** @type {any} */ (values));
  await visit(action.href, { method: "POST", body, push: true });
  form.removeAttribute("data-sending");
}

/**
 * Fetch a page and show its panes.
 * @param {string} url
 * @param {{method?: string, body?: BodyInit, push?: boolean, quiet?: boolean}} how
 */
export async function visit(url, { method = "GET", body, push = false, quiet = false }) {
  const mine = (asked += 1);
  desk()?.setAttribute("aria-busy", "true");
  let response, page;
  try {
    response = await fetch(url, { method, body, headers: { Accept: "text/html" }, credentials: "same-origin" });
    page = parse(await response.text());
  } catch {
    return complain("暂时连不上服务，您填写的内容还在，请稍后再试。");
  } finally {
    if (mine === asked) desk()?.removeAttribute("aria-busy");
  }
  if (mine !== asked) return;
  if (!page.querySelector("[data-desk]")) return elsewhere(url, method, response, page);
  const moved = method === "GET" || response.redirected;
  const address = moved ? plain(response.url) : location.href;
  if (push && address !== location.href) history.pushState(null, "", address);
  show(page, { quiet, hash: new URL(url).hash });
}

/** @param {string} url @returns {string} without what was only said once */
function plain(url) {
  const kept = new URL(url);
  for (const name of ["done", "step", "use"]) kept.searchParams.delete(name);
  return kept.href;
}

/** A page that is no desk: go there, or say why a form was not accepted. */
function elsewhere(url, method, response, page) {
  if (response.redirected && new URL(response.url).pathname === "/login") {
    if (method === "GET") return location.assign(response.url);
    return complain("登录已过期。您填写的内容还在：请在新窗口登录后回到这里再提交。");
  }
  if (method === "GET") return location.assign(url);
  return complain(page.querySelector("main .prose")?.textContent ?? "没有提交成功，您填写的内容还在，请稍后再试。");
}

/** @param {string} words */
function complain(words) {
  const old = document.getElementById("swap-problem");
  const note = el("p", { class: "note note--bad", id: "swap-problem", role: "alert" }, icon("alert"), el("span", { text: words }));
  if (old) old.replaceWith(note);
  else document.querySelector(".acts, .case")?.prepend(note);
}

/**
 * Exchange the panes and keep what should stay: the list's place, what is chosen, the focus.
 * @param {Document} page
 * @param {{quiet?: boolean, hash?: string}} how
 */
function show(page, { quiet = false, hash = "" }) {
  const place = keepPlace(page);
  for (const pane of PANES) exchange(page, pane);
  const [old, fresh] = [desk(), page.querySelector("[data-desk]")];
  for (const { name, value } of fresh?.attributes ?? []) old?.setAttribute(name, value);
  const csrf = page.querySelector('meta[name="csrf"]')?.getAttribute("content");
  if (csrf) document.querySelector('meta[name="csrf"]')?.setAttribute("content", csrf);
  document.title = page.title;
  place.restore();
  shown();
  const opened = hash ? document.querySelector(hash) : null;
  if (opened) /** @type {HTMLElement | null} */ (opened.querySelector("textarea, select, input:not([type=hidden])"))?.focus();
  if (quiet) return;
  document.querySelector(".case .note--bad, .case .note--good")?.scrollIntoView({ block: "nearest" });
  announce();
}

/** @param {Document} page @param {string} pane */
function exchange(page, pane) {
  const [old, fresh] = [document.querySelector(pane), page.querySelector(pane)];
  if (old && fresh) old.replaceWith(document.adoptNode(fresh));
}

/** Exchange lists and lines alone, from a page of the same list. @param {string} html */
export function refresh(html) {
  const page = parse(html);
  if (!page.querySelector("[data-desk]")) return;
  const place = keepPlace(page);
  for (const pane of PANES.slice(0, 2)) exchange(page, pane);
  for (const name of ["data-seen", "data-mark"]) {
    desk()?.setAttribute(name, page.querySelector("[data-desk]")?.getAttribute(name) ?? "");
  }
  place.restore();
  shown();
}

/** Remember scroll, choice and focus, to be put back into other panes. @param {Document} page */
function keepPlace(page) {
  const list = document.querySelector(".list");
  const same = desk()?.getAttribute("data-list")?.replace(/&?n=\d+/, "") === page.querySelector("[data-desk]")?.getAttribute("data-list")?.replace(/&?n=\d+/, "");
  const sameCase = caseOf(document) !== "" && caseOf(document) === caseOf(page);
  const [top, caseTop] = [list?.scrollTop ?? 0, document.querySelector(".case")?.scrollTop ?? 0];
  const chosen = page.querySelector("[data-bulk]") ? [] : chosenNumbers(); // what was done is chosen no more
  const focus = focusMark();
  return {
    restore() {
      const [now, pane] = [document.querySelector(".list"), document.querySelector(".case")];
      if (now && same) now.scrollTop = top;
      if (pane && sameCase) pane.scrollTop = caseTop;
      if (same) choose(chosen);
      if (!focus) return;
      const target = document.querySelector(focus) ?? document.getElementById("main");
      /** @type {HTMLElement} */ (target).focus({ preventScroll: true });
    },
  };
}

/** @param {Document} page @returns {string} */
const caseOf = (page) => page.querySelector("[data-case]")?.getAttribute("data-case") ?? "";

/** @returns {string} a selector that finds the focused element again, "" where nothing has the focus */
function focusMark() {
  const node = document.activeElement;
  if (!node || node === document.body || !desk()?.contains(node)) return "";
  if (node.id) return `#${CSS.escape(node.id)}`;
  const line = node.closest(".line")?.querySelector("a.item");
  if (line) return `a.item[href^="${CSS.escape(line.getAttribute("href")?.split("?")[0] ?? "")}"]`;
  const href = node.getAttribute("href");
  return href ? `.queues a[href="${CSS.escape(href)}"]` : "#main";
}

/** @returns {string[]} the numbers that are chosen in the list */
function chosenNumbers() {
  const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('[name="pick"]:checked'));
  return [...boxes].map((box) => box.value.split(":")[0]);
}

/** @param {string[]} numbers */
function choose(numbers) {
  for (const number of numbers) {
    const box = document.querySelector(`[name="pick"][value^="${CSS.escape(number)}:"]`);
    if (box instanceof HTMLInputElement) box.checked = true;
  }
}

/** Tell those who do not see the page what has changed. */
function announce() {
  const words = document.querySelector(".case .note--bad, .case .note--good, .case [data-said]")?.textContent
    ?? document.querySelector(".list__count")?.textContent;
  say(caseOf(document) && !document.querySelector(".case .note--bad, .case .note--good") ? `已打开 ${caseOf(document)}` : words ?? "");
}

/** @param {string} words */
export function say(words) {
  const place = document.getElementById("said");
  if (place) place.textContent = words.trim();
}
