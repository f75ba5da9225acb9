/** The rooms of a chat: greeting, log, composer; who fills them is in chat.ts. */

import { el, icon } from "./dom";
import { ACCEPT } from "./files";
import type { Words } from "./words";

const dots = (): HTMLElement => el("span", { class: "typing__dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));

/** Build the elements of a chat; `full` decides which rank its heading has on the page. */
export function makeShell(words: Words, full: boolean) {
  const intro = el("p", { text: words.intro(words.manualDefault) });
  const suggestions = el("div", { class: "suggestions", id: "suggestions", role: "group", "aria-label": words.examples });
  const list = el("div", { class: "log", id: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": words.conversation });
  const typing = el("div", { class: "typing", id: "typing", role: "status", hidden: true },
    el("span", { class: "face face--bot" }, icon("ford")), dots(), el("span", { class: "sr", text: words.looking }));
  const typingPerson = el("div", { class: "typing", id: "typing-person", role: "status", hidden: true },
    el("span", { class: "face face--handler" }, icon("person")), dots(), el("span", { class: "sr", text: words.personTypes }));
  const slot = el("slot", { name: "greeting" });
  slot.append(intro);
  const greeting = el("section", { class: "greeting", "aria-label": words.welcome },
    el("span", { class: "face face--bot" }, icon("ford")), el("div", {}, el(full ? "h1" : "h2", { text: words.hello }), slot));
  const scroll = el("div", { class: "chat__scroll", id: "scroll", tabindex: 0, role: "region", "aria-label": words.room },
    el("div", { class: "chat__col" }, greeting, suggestions, list, typing, typingPerson));
  const moreText = el("span", { text: words.newest });
  const more = el("button", { class: "btn chat__more", id: "more", type: "button", hidden: true }, icon("down"), moreText);
  const composer = makeComposerParts(words);
  const room = el("div", { class: "chat" }, scroll, more, composer.form);
  return { room, scroll, list, suggestions, typing, typingPerson, intro, more, moreText, ...composer };
}

function makeComposerParts(words: Words) {
  const quick = el("div", { class: "quick", role: "group", "aria-label": words.quick });
  const status = el("span", { class: "quick__status small", id: "status", role: "status" });
  const attach = el("button", { class: "btn btn--plain btn--icon", id: "attach", type: "button", "aria-label": words.attach, title: words.attach }, icon("clip"));
  const picker = el("input", { id: "files", type: "file", multiple: true, hidden: true, accept: ACCEPT, "aria-hidden": "true", tabindex: -1 });
  const field = el("textarea", { id: "text", rows: 1, placeholder: words.placeholder, enterkeyhint: "send", "aria-label": words.field, "aria-describedby": "counter" });
  const button = el("button", { class: "btn btn--main btn--icon", id: "send", type: "submit", "aria-label": words.send, disabled: true }, icon("send"));
  const standing = el("span", { class: "foot__standing", id: "standing", role: "status" });
  const unwait = el("button", { class: "linkish", id: "unwait", type: "button", hidden: true, text: words.stopWaiting });
  const counter = el("span", { class: "counter", id: "counter", "aria-live": "polite" });
  const form = el("form", { class: "composer", id: "composer", autocomplete: "off", novalidate: true },
    el("div", { class: "chat__col" },
      el("div", { class: "quick__row" }, quick, status),
      el("div", { class: "composer__box" }, attach, picker, field, button),
      el("div", { class: "foot small" }, standing, unwait, counter)));
  return { form, quick, status, attach, picker, field, button, standing, unwait, counter };
}

export type Shell = ReturnType<typeof makeShell>;
