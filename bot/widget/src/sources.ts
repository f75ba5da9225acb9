/** Where an answer names its source: the words people read become the button that opens it. */

import { el, icon } from "./dom";
import type { Kit } from "./kit";
import type { Citation } from "./types";

const NAMED = /[（(「]*\s*(?:来源|出处)?[：:]?\s*[「]?《[^》]+》\s*(\d+(?:\.\d+)+)[^」）)\n]*[」）)]*[。]?\s*$/u;

/** What a citation of an FAQ entry names as its manual. */
export const FAQ = "FAQ";

/**
 * Take the source lines off the end of an answer's text: they are shown as buttons instead.
 * Only lines that name a section which is really cited are taken.
 */
export function withoutSourceLines(text: string, citations: Citation[]): string {
  const cited = new Set(citations.map((c) => c.section));
  const kept = text.split("\n").filter((line) => {
    const named = NAMED.exec(line);
    return !(named?.index === 0 && cited.has(named[1] ?? ""));
  });
  return kept.join("\n").trim() || text;
}

/** Make the source lines of an answer, one for each section that is cited. */
export function sources(citations: Citation[], kit: Kit): HTMLElement | null {
  const seen = new Set<string>();
  const lines = citations.filter((c) => !seen.has(c.section) && seen.add(c.section));
  return lines.length ? el("div", { class: "cites" }, ...lines.map((c) => source(c, kit))) : null;
}

/** Make one source line: 「《运营手册》2.2 服务流程与客户体验管理」. */
export function source(citation: Citation, { words, hands, manual }: Kit): HTMLElement {
  const place = citation.manual === FAQ ? words.faq : `${words.manual(manual.title)}${citation.section}`;
  const name = `「${place}${citation.title ? ` ${citation.title}` : ""}」`;
  return el("button", { class: "linkish cite", type: "button", "aria-haspopup": "dialog", onclick: () => hands.open(citation) },
    icon("book"), el("span", { text: name }));
}
