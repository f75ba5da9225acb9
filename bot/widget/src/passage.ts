/** A section of the manual as elements, the cited sentence marked. */

import { el } from "./dom";
import type { Words } from "./words";

export interface Paragraph {
  text: string;
  heading: string;
  kind: string;
  page?: number | null;
}

/** Return where `sentence` stands in `text`, blind to spaces: start and end, or null when it does not. */
export function locate(text: string, sentence: string): [number, number] | null {
  const places: number[] = [];
  let bare = "";
  for (let i = 0; i < text.length; i += 1) {
    const letter = text.charAt(i);
    if (/\s/u.test(letter)) continue;
    places.push(i);
    bare += letter;
  }
  const wanted = sentence.replace(/\s+/gu, "");
  const at = wanted ? bare.indexOf(wanted) : -1;
  return at < 0 ? null : [places[at]!, places[at + wanted.length - 1]! + 1];
}

function marked(text: string, sentence: string): (Node | string)[] {
  const place = locate(text, sentence);
  if (place) return [text.slice(0, place[0]), el("mark", { text: text.slice(...place) }), text.slice(place[1])];
  // a citation may run over the paragraph's end: then the paragraph lies inside it
  const inside = text.trim() !== "" && locate(sentence, text);
  return [inside ? el("mark", { text }) : text];
}

/** Render paragraphs, sub-headings and lists. */
export function passage(paragraphs: Paragraph[], sentence: string, words: Words): HTMLElement[] {
  const out: HTMLElement[] = [];
  let heading = "";
  let list: HTMLElement | null = null;
  for (const paragraph of paragraphs) {
    if (paragraph.heading && paragraph.heading !== heading) {
      heading = paragraph.heading;
      list = null;
      out.push(el("h3", { text: heading }));
    }
    const isItem = paragraph.kind === "item";
    const node = el(isItem ? "li" : "p", {}, ...marked(paragraph.text, sentence));
    if (paragraph.page && node.querySelector("mark")) node.append(el("span", { class: "muted small", text: words.page(paragraph.page) }));
    if (!isItem) list = null;
    else if (!list) out.push((list = el("ul")));
    if (list) list.append(node);
    else out.push(node);
  }
  return out;
}
