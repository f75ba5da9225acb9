/** News of the desk: sizes, lines and the open case follow by themselves, without losing one's place. */

import { call } from "../api.js";
import { el } from "../dom.js";
import { begun } from "./acts.js";
import { refresh, say, visit } from "./swap.js";

const EVERY = 4000;
const HIDDEN = 30000;
const ANYWAY = 60000; // due dates pass without anybody doing anything
let counted = Date.now();
const desk = () => /** @type {HTMLElement} */ (document.querySelector("[data-desk]"));
const open = () => /** @type {HTMLElement | null} */ (document.querySelector("[data-case]"));

/** Look for news now and then, and when the page comes to the front. */
export function followNews() {
  let timer = 0;
  const look = async () => {
    clearTimeout(timer);
    try {
      await once();
    } catch {
      // the next look says more
    }
    timer = setTimeout(() => void look(), document.hidden ? HIDDEN : EVERY);
  };
  document.addEventListener("visibilitychange", () => document.hidden || void look());
  timer = setTimeout(() => void look(), EVERY);
}

async function once() {
  const shown = open();
  const { seen = "", mark = "" } = desk().dataset;
  const asked = new URLSearchParams({ seen, case: shown?.dataset.case ?? "" });
  const version = Number(shown?.dataset.version ?? 0);
  if (Date.now() - counted < ANYWAY) asked.set("known", mark);
  const news = await call("GET", `/desk/news?${asked}`);
  if (!news.counts) return;
  counted = Date.now();
  for (const [key, count] of Object.entries(news.counts)) {
    for (const node of document.querySelectorAll(`[data-count="${CSS.escape(key)}"]`)) node.textContent = String(count);
  }
  if (desk().dataset.mark !== mark) return; // another page came meanwhile
  if (news.mark !== mark) await lines();
  if (news.words) {
    document.getElementById("news")?.replaceChildren(news.words);
    say(news.words);
  }
  if (shown && shown === open() && news.version > version) caseChanged(shown);
}

/** Fetch the lines of the list that is shown. */
async function lines() {
  const url = new URL(desk().dataset.list ?? "/desk", location.href);
  const current = open()?.dataset.case ?? document.querySelector("[data-handover]")?.getAttribute("data-handover");
  if (current) url.searchParams.set("current", current);
  const response = await fetch(url, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  const html = await response.text();
  const typing = document.activeElement?.closest(".list__top, .bulk");
  if (response.ok && !response.redirected && !typing) refresh(html);
}

/** Show what came, unless somebody is at work on the case. @param {HTMLElement} shown */
function caseChanged(shown) {
  if (!begun() && !shown.contains(document.activeElement)) return void visit(location.href, { quiet: true });
  if (document.getElementById("case-news")) return;
  shown.prepend(el("p", { class: "note note--warn", id: "case-news", role: "status" },
    el("span", {}, "这张工单有新的经过，", el("a", { href: location.pathname + location.search, text: "查看" }), "。您写的内容会保留。")));
}
