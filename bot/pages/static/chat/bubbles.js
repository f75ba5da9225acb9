/** One message as an element: who said it, what they said, and what can be done with it. */

import { el, icon } from "../dom.js";
import { clock } from "../times.js";
import { feedbackCard, handoverCard, quizCard, resultCard, ticketCard } from "./cards.js";
import { fileBubble } from "./files.js";
import { ratingCard } from "./rating.js";
import { sources, withoutSourceLines } from "./sources.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").Hands} Hands */

const NAMES = { customer: "您", bot: "问津", handler: "人工客服", system: "系统" };

/** Cards that say all that their text says; the others show their text in a bubble above. */
const WHOLE = new Set(["file", "quiz_item", "quiz_feedback", "quiz_result", "rating", "handover"]);

const CARDS = {
  ticket: (message) => (message.data?.number ? ticketCard(message) : null),
  quiz_item: quizCard,
  quiz_feedback: feedbackCard,
  quiz_result: resultCard,
  rating: (message) => (message.data?.offer_id ? ratingCard(message) : null),
  handover: handoverCard,
  file: (message) => (message.data?.file_id ? fileBubble(message) : null),
};

/**
 * Make the card of a message; null when its kind has none or its data is not what a card needs.
 * @param {Message} message
 * @param {Hands} hands
 * @returns {HTMLElement | null}
 */
function cardOf(message, hands) {
  try {
    return CARDS[message.kind]?.(message, hands) ?? null;
  } catch {
    return null;
  }
}

/**
 * Make a row of choice chips.
 * @param {{title: string, payload: string}[]} buttons
 * @param {string} style
 * @param {Hands} hands
 * @returns {HTMLElement | false}
 */
const chips = (buttons, style, hands) =>
  buttons.length > 0 &&
  el("div", { class: `chips ${style}`, role: "group", "aria-label": style === "followups" ? "接着问" : "可选答复" },
    ...buttons.map(({ title, payload }) =>
      el("button", { class: style === "followups" ? "chip chip--soft" : "chip", type: "button", text: title,
        onclick: () => hands.send(payload, title) })));

/**
 * Render a message.
 * @param {Message} message
 * @param {Hands} hands
 * @returns {HTMLElement}
 */
export function bubble(message, hands) {
  const { kind, text } = message;
  const data = message.data ?? {};
  // what the system asks or has registered stands where the bot's words do; what it only tells is a line in the middle
  const actor = message.actor === "system" && (kind === "rating" || data.registered) ? "bot" : message.actor;
  const citations = data.citations ?? [];
  const card = actor === "system" ? null : cardOf(message, hands);
  const shown = citations.length ? withoutSourceLines(text, citations) : text;
  const buttons = kind === "quiz_item" && card ? [] : (message.buttons ?? []);
  const followups = (data.followups ?? []).map((title) => ({ title, payload: title }));
  const face = actor === "bot" ? "ford" : actor === "handler" ? "person" : "";
  const name = actor === "handler" && data.handler_name ? `人工客服 ${data.handler_name}` : NAMES[actor];
  return el(
    "div",
    { class: `msg msg--${actor}`, "data-id": message.id, "data-seq": message.seq, "data-kind": kind },
    face && el("span", { class: `face face--${actor}` }, icon(face)),
    el(
      "div",
      { class: "msg__main" },
      el("span", { class: actor === "handler" ? "msg__name" : "sr", text: `${name} ${message.at ? clock(message.at) : ""}` }),
      !(card && WHOLE.has(kind)) && el("div", { class: "bubble", text: shown }),
      sources(citations, hands),
      card,
      chips(buttons, "buttons", hands),
      chips(followups, "followups", hands),
    ),
  );
}
