/** The desk: keys, forms, lists that follow, pages without reloads. Every form and link works without them. */

import { keepDrafts } from "../drafts.js";
import { listen } from "../lists.js";
import { begun, foldForm, followForms, mark, openForm, reach } from "./acts.js";
import { followCanned } from "./canned.js";
import { countChoice, followChoice, forgetChoice, toggleHere } from "./choice.js";
import { followConversation } from "./live.js";
import { followNews } from "./news.js";
import { takeOver } from "./swap.js";

const PATIENCE = 1500;
let going = 0;

/** Put the scripts' hands on panes that have just come. */
function shown() {
  keepDrafts();
  mark();
  countChoice();
  followConversation();
}

/** @param {string} selector */
const press = (selector) => {
  const node = document.querySelector(selector);
  if (node instanceof HTMLElement) node.click();
  return node !== null;
};

const KEYS = {
  a: () => reach('[data-act="take"]'),
  r: () => reach('[data-open="reply"], .case [data-act="reply"]'),
  n: () => reach('[data-open="note"]'),
  e: () => reach('[data-main], .case [data-act="close"]'),
  m: () => openMore(),
  x: () => (toggleHere(), true),
  u: () => (forgetChoice(), true),
  "/": () => reachSearch(),
  Escape: () => closeMore() || foldForm(),
};

function closeMore() {
  const more = document.querySelector(".more[open]");
  more?.removeAttribute("open");
  more?.querySelector("summary")?.focus();
  return more !== null;
}

function openMore() {
  const more = document.querySelector(".more");
  if (!(more instanceof HTMLDetailsElement)) return false;
  more.open = true;
  /** @type {HTMLElement | null} */ (more.querySelector(".more__one"))?.focus();
  return true;
}

function reachSearch() {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById("q"));
  field?.select();
  return field !== null;
}

// a draft that was put back opens its form, where none is open
document.addEventListener("draft", (event) => {
  const step = /** @type {HTMLElement} */ (event.target).closest("[data-form]")?.getAttribute("data-form");
  if (step && !begun()) openForm(step, false);
});
followForms();
followCanned();
followChoice();
takeOver(shown);
shown();
listen((key) => {
  if (going && Date.now() - going < PATIENCE) {
    going = 0;
    return press(`[data-go="${CSS.escape(key)}"]`);
  }
  going = key === "g" ? Date.now() : 0;
  return key === "g" || (KEYS[key]?.() ?? false);
});
followNews();
