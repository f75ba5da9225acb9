/** One message as an element: who said it, what they said, and what can be done with it. */

import { feedbackCard, handoverCard, resultCard, summaryCard, ticketCard } from "./cards";
import { el, icon } from "./dom";
import { fileBubble } from "./files";
import type { Kit } from "./kit";
import { marks } from "./marks";
import { quizCard, waysOn } from "./quiz";
import { ratingCard } from "./rating";
import { sources, withoutSourceLines } from "./sources";
import { clock, dayKey } from "./times";
import type { Button, Citation, Message } from "./types";

const LONG_TEXT = 480; // characters
const LONG_LINES = 14;
const TOLD = 2000; // ms

/** Cards that say all that their text says; the others show their text in a bubble above. */
const WHOLE = new Set(["file", "quiz_item", "quiz_feedback", "quiz_result", "rating", "handover", "text"]);

type Maker = (message: Message, kit: Kit) => HTMLElement | null;

const CARDS: Record<string, Maker> = {
  text: (message, kit) => (Array.isArray(message.data["summary"]) ? summaryCard(message, kit) : null),
  ticket: (message, kit) => (message.data["number"] ? ticketCard(message, kit) : null),
  quiz_item: quizCard,
  quiz_feedback: feedbackCard,
  quiz_result: resultCard,
  rating: (message, kit) => (message.data["offer_id"] ? ratingCard(message, kit) : null),
  handover: handoverCard,
  file: (message, kit) => (message.data["file_id"] ? fileBubble(message, kit) : null),
};

/** Make the card of a message; null when its kind has none or its data is not what a card needs. */
function cardOf(message: Message, kit: Kit): HTMLElement | null {
  try {
    return CARDS[message.kind]?.(message, kit) ?? null;
  } catch {
    return null;
  }
}

/** Make a row of choice chips. */
function chips(buttons: Button[], style: "buttons" | "followups", kit: Kit): HTMLElement | false {
  if (!buttons.length) return false;
  const label = style === "followups" ? kit.words.followups : kit.words.choices;
  const look = style === "followups" ? "chip chip--soft" : "chip";
  return el("div", { class: `chips ${style}`, role: "group", "aria-label": label },
    ...buttons.map(({ title, payload }) => el("button", { class: look, type: "button", text: title, onclick: () => kit.hands.send(payload, title) })));
}

/** Render a message. */
export function bubble(message: Message, kit: Kit): HTMLElement {
  const { kind, text } = message;
  const data = message.data ?? {};
  const { words } = kit;
  // what the system asks or has registered stands where the bot's words do; what it only tells is a line in the middle
  const actor = message.actor === "system" && (kind === "rating" || data["registered"]) ? "bot" : message.actor;
  const citations: Citation[] = data["citations"] ?? [];
  const card = actor === "system" ? null : cardOf({ ...message, data }, kit);
  const shown = citations.length ? withoutSourceLines(text, citations) : text;
  const buttons = kind === "quiz_item" && card ? waysOn(message) : (message.buttons ?? []);
  const followups: Button[] = (data["followups"] ?? []).map((title: string) => ({ title, payload: title }));
  const face = actor === "bot" ? "ford" : actor === "handler" ? "person" : null;
  const name = actor === "handler" && data["handler_name"] ? `${words.names.handler} ${data["handler_name"]}` : words.names[actor];
  const said = card && WHOLE.has(kind) ? [] : spoken(shown, kit);
  const node = el("div", { class: `msg msg--${actor}`, "data-actor": `${actor} ${name}`, "data-kind": kind },
    face && el("span", { class: `face face--${actor}` }, icon(face)),
    el("div", { class: "msg__main" },
      el("span", { class: actor === "handler" ? "msg__name" : "sr", text: name }),
      ...said,
      sources(citations, kit),
      card,
      el("div", { class: "msg__meta" }, el("time"), said.length > 0 && (actor === "bot" || actor === "handler") && copyButton(shown, kit), kind === "answer" && actor === "bot" && marks(message, kit)),
      chips(buttons, "buttons", kit),
      chips(followups, "followups", kit)));
  return message.seq ? stamp(node, message) : node;
}

/** Write place and time on a message that the server has. */
export function stamp(node: HTMLElement, { id, seq, kind, at }: Message): HTMLElement {
  node.classList.remove("msg--waiting");
  node.removeAttribute("data-local");
  Object.assign(node.dataset, { id, seq: String(seq), kind, clock: at ? `${dayKey(at)} ${clock(at)}` : "" });
  const time = node.querySelector<HTMLTimeElement>(".msg__meta time");
  if (time && at) {
    time.dateTime = at;
    time.textContent = clock(at);
  }
  return node;
}

/** Return the bubble of a text; a long one is cut until it is opened. */
function spoken(text: string, { words }: Kit): HTMLElement[] {
  const said = el("div", { class: "bubble", text });
  if (text.length <= LONG_TEXT && text.split("\n").length <= LONG_LINES) return [said];
  said.classList.add("bubble--cut");
  const more = el("button", { class: "linkish", type: "button", "aria-expanded": "false", text: words.more, onclick: () => {
    const cut = said.classList.toggle("bubble--cut");
    more.textContent = cut ? words.more : words.less;
    more.setAttribute("aria-expanded", String(!cut));
    if (cut) said.scrollIntoView({ block: "nearest" });
  } });
  return [said, more];
}

function copyButton(text: string, { words }: Kit): HTMLElement {
  const box = el("span", { class: "msg__copy" });
  const copy = async (): Promise<void> => {
    const told = el("span", { role: "status" });
    box.append(told); // before its words: what a live region holds when it comes is not read out
    if (await copied(text)) told.textContent = words.copied;
    setTimeout(() => told.remove(), TOLD);
  };
  box.append(el("button", { class: "mini", type: "button", "aria-label": words.copy, title: words.copy, onclick: () => void copy() }, icon("copy")));
  return box;
}

/** Copy a text, also where the page is no secure context; tell whether it worked. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = el("textarea", { "aria-hidden": "true", tabindex: -1 });
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}
