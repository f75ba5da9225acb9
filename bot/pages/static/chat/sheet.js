/** The source sheet: one section of the manual with the cited sentence marked. */

import { call } from "../api.js";
import { byId, el } from "../dom.js";
import { FAQ, manualName } from "./sources.js";

/** @typedef {{text: string, heading: string, kind: string, page?: number | null}} Paragraph */

/**
 * Return where `sentence` stands in `text`, blind to spaces; null when it does not.
 * @param {string} text
 * @param {string} sentence
 * @returns {[number, number] | null} start and end in `text`
 */
export function locate(text, sentence) {
  const places = [];
  let bare = "";
  for (let i = 0; i < text.length; i += 1) {
    if (/\s/u.test(text[i])) continue;
    places.push(i);
    bare += text[i];
  }
  const wanted = sentence.replace(/\s+/gu, "");
  const at = wanted ? bare.indexOf(wanted) : -1;
  return at < 0 ? null : [places[at], places[at + wanted.length - 1] + 1];
}

/**
 * Split a text around the cited sentence.
 * @param {string} text
 * @param {string} sentence
 * @returns {(Node | string)[]}
 */
function marked(text, sentence) {
  const place = locate(text, sentence);
  if (place) return [text.slice(0, place[0]), el("mark", { text: text.slice(...place) }), text.slice(place[1])];
  // a citation may run over the paragraph's end: then the paragraph lies inside it
  const inside = text.trim() !== "" && locate(sentence, text);
  return [inside ? el("mark", { text }) : text];
}

/**
 * Render paragraphs, sub-headings and lists.
 * @param {Paragraph[]} paragraphs
 * @param {string} sentence
 * @returns {HTMLElement[]}
 */
function paragraphs(paragraphs, sentence) {
  const out = [];
  let heading = "";
  let list = null;
  for (const paragraph of paragraphs) {
    if (paragraph.heading && paragraph.heading !== heading) {
      heading = paragraph.heading;
      list = null;
      out.push(el("h3", { text: heading }));
    }
    const isItem = paragraph.kind === "item";
    if (isItem && !list) out.push((list = el("ul")));
    if (!isItem) list = null;
    const node = el(isItem ? "li" : "p", {}, ...marked(paragraph.text, sentence));
    if (paragraph.page && node.querySelector("mark")) {
      node.append(el("span", { class: "muted small", text: ` 第 ${paragraph.page} 页` }));
    }
    (list ?? { append: (child) => out.push(child) }).append(node);
  }
  return out;
}

/** @param {{manual: string, version?: string, section: string}} citation @returns {string} */
const address = ({ manual, version, section }) =>
  `/api/manuals/${encodeURIComponent(manual)}/sections/${encodeURIComponent(section)}` +
  (version ? `?version=${encodeURIComponent(version)}` : "");

const waiting = () => [1, 2, 3, 4].map(() => el("div", { class: "skeleton" }));

/** Wire the sheet and return the function that opens it. */
export function makeSheet() {
  const sheet = /** @type {HTMLDialogElement} */ (byId("sheet"));
  const body = byId("sheet-body");
  const title = byId("sheet-title");
  const path = byId("sheet-path");
  let asked = 0;

  byId("sheet-close").addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());

  /** @param {{manual: string, version?: string, section: string, title?: string, sentence: string}} citation */
  return async function open(citation) {
    const mine = (asked += 1);
    const isFaq = citation.manual === FAQ;
    title.textContent = isFaq ? citation.title ?? "" : `${citation.section} ${citation.title ?? ""}`.trim();
    path.textContent = isFaq ? "常见问答" : manualName();
    body.replaceChildren(...waiting());
    if (!sheet.open) sheet.showModal();
    title.focus();
    try {
      const section = await call("GET", address(citation));
      if (mine !== asked) return;
      title.textContent = isFaq ? section.title : `${section.number} ${section.title}`;
      path.textContent = isFaq
        ? `${section.manual_title} › ${section.number}`
        : `${manualName()} › 第${section.number.split(".")[0]}章 ${section.chapter_title}`;
      body.replaceChildren(...paragraphs(section.paragraphs, isFaq ? "" : citation.sentence));
      if (section.note) body.append(el("p", { class: "muted small", text: section.note }));
      body.querySelector("mark")?.scrollIntoView({ block: "center" });
    } catch (problem) {
      if (mine !== asked) return;
      body.replaceChildren(
        el("p", { class: "muted", text: `原文没有打开：${problem.message}` }),
        el("blockquote", { class: "quote", text: citation.sentence }),
        el("button", { class: "btn", type: "button", text: "再试一次", onclick: () => open(citation) }),
      );
    }
  };
}
