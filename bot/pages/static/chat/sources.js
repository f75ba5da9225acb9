/** Where an answer names its source: the words people read become the button that opens it. */

import { el, icon } from "../dom.js";

/** @typedef {import("./types.js").Citation} Citation */
/** @typedef {import("./types.js").Hands} Hands */

const NAMED = /[（(「]*\s*(?:来源|出处)?[：:]?\s*[「]?《[^》]+》\s*(\d+(?:\.\d+)+)[^」）)\n]*[」）)]*[。]?\s*$/u;

/** What a citation of an FAQ entry names as its manual. */
export const FAQ = "FAQ";

/** The manual as people call it, with its book marks. @returns {string} */
export const manualName = () => `《${document.querySelector("[data-manual]")?.getAttribute("data-manual") ?? "运营手册"}》`;

/** The name of our own edition, which the quiz bank cites. @returns {string} */
export const edition = () => document.querySelector("[data-edition]")?.getAttribute("data-edition") ?? "wenjin";

/**
 * Take the source lines off the end of an answer's text: they are shown as buttons instead.
 * Only lines that name a section which is really cited are taken.
 * @param {string} text
 * @param {Citation[]} citations
 * @returns {string}
 */
export function withoutSourceLines(text, citations) {
  const cited = new Set(citations.map((c) => c.section));
  const kept = text.split("\n").filter((line) => {
    const named = NAMED.exec(line);
    return !(named && named.index === 0 && cited.has(named[1]));
  });
  return kept.join("\n").trim() || text;
}

/**
 * Make the source lines of an answer, one for each sentence of a section that is cited.
 * @param {Citation[]} citations
 * @param {Hands} hands
 * @returns {HTMLElement | null}
 */
export function sources(citations, hands) {
  const seen = new Set();
  const lines = citations.filter((c) => !seen.has(c.section) && seen.add(c.section));
  if (!lines.length) return null;
  return el("div", { class: "cites" }, ...lines.map((c) => source(c, hands)));
}

/**
 * Make one source line: 「《运营手册》2.2 服务流程与客户体验管理」.
 * @param {{manual: string, section: string, title?: string, sentence: string}} citation
 * @param {Hands} hands
 * @returns {HTMLElement}
 */
export function source(citation, hands) {
  const place = citation.manual === FAQ ? "常见问答" : `${manualName()}${citation.section}`;
  const name = `「${place}${citation.title ? ` ${citation.title}` : ""}」`;
  return el(
    "button",
    { class: "linkish cite", type: "button", "aria-haspopup": "dialog", onclick: () => hands.open(citation) },
    icon("book"),
    el("span", { text: name }),
  );
}
