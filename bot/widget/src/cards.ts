/** Cards: summary before a complaint, ticket, quiz feedback and result, hand-over. */

import { el, icon } from "./dom";
import type { IconName } from "./icons";
import type { Kit } from "./kit";
import { source } from "./sources";
import { dayName, daysUntil } from "./times";
import type { Message } from "./types";

const FINAL = new Set(["closed", "withdrawn"]);
const CLOCK_STOPS = new Set([...FINAL, "answered", "decided"]);
const SOON = 3; // days

type Level = "" | "accent" | "warn" | "danger";

/** A label with its value; nothing when there is no value. */
const fact = (term: string, value: unknown): HTMLElement[] => (value ? [el("dt", { text: term }), el("dd", { text: value })] : []);

const tag = (words: string, level: Level, sign: IconName): HTMLElement =>
  el("span", { class: `tag${level ? ` tag--${level}` : ""}` }, icon(sign), words);

/** Show what will be submitted, item by item, between what the text says before and after it. */
export function summaryCard({ data, text }: Message, { words }: Kit): HTMLElement {
  const summary = data["summary"] as { label: string; value: string }[];
  const rows = summary.flatMap(({ label, value }) => fact(`${label}：`, value));
  const before = text.slice(0, text.indexOf(`\n${summary[0]?.label}：`));
  return el("section", { class: "card", "aria-label": words.summary },
    el("p", { class: "prose", text: before }), el("dl", { class: "facts" }, ...rows), el("p", { class: "muted", text: text.split("\n").at(-1) }));
}

/** Show a complaint's number, state, clock and facts. */
export function ticketCard({ data, actor }: Message, { words, language, api }: Kit): HTMLElement {
  const { facts: names } = words;
  // news about a ticket needs its number and state, not its facts again
  const facts = actor === "handler" ? [] : [...fact(names.matter, data["matter"]), ...fact(names.product, data["product"]),
    ...fact(names.demand, data["demand"]), ...fact(names.contact, data["contact_masked"])];
  const runs = Boolean(data["due_at"]) && !CLOCK_STOPS.has(data["state"]);
  const link = typeof data["link"] === "string" && data["link"].startsWith("/t/") ? api.href(data["link"]) : "";
  return el("section", { class: "card", "aria-label": words.ticket(data["number"]) },
    el("div", { class: "card__head" },
      el("span", { class: "ticketno", text: data["number"] }),
      el("span", { class: "row" }, tag(words.states[data["state"]] ?? data["state_label"], "accent", FINAL.has(data["state"]) ? "check" : "ticket"), runs && dueTag(data["due_at"], words))),
    el("dl", { class: "facts" }, ...facts,
      ...fact(names.due, runs && words.dueBefore(dayName(data["due_at"], language), data["rule"] ?? ""))),
    link && el("a", { class: "btn", href: link, text: words.progress }));
}

function dueTag(at: string, words: Kit["words"]): HTMLElement {
  const now = new Date();
  const days = daysUntil(at, now);
  const late = new Date(at) < now;
  const level = late ? "danger" : days <= SOON ? "warn" : "";
  return tag(words.due(days, late), level, late ? "alert" : "clock");
}

/** Show whether an answer was right, why, and where it says so. */
export function feedbackCard({ data }: Message, kit: Kit): HTMLElement {
  const { words, manual } = kit;
  const key = data["right"] ?? [data["answer"] ?? []].flat().join("、");
  const points = data["max_points"] === undefined ? "" : words.points(data["points"], data["max_points"]);
  const cited = { manual: data["manual"] ?? manual.edition, title: data["title"], section: data["section"], sentence: data["sentence"] ?? "" };
  return el("section", { class: "card", "aria-label": data["correct"] ? words.correct : words.incorrect },
    el("div", { class: "card__head" },
      data["correct"] ? tag(words.correct, "accent", "check") : tag(words.incorrect, "danger", "cross"), el("span", { class: "muted", text: points })),
    !data["correct"] && key && el("p", { text: words.solution(key) }),
    data["explanation"] && el("p", { class: "prose", text: data["explanation"] }),
    data["sentence"] && el("blockquote", { class: "quote", text: data["sentence"] }),
    data["section"] && source(cited, kit));
}

/** Show the marks of a finished paper. */
export function resultCard({ data }: Message, { words, api }: Kit): HTMLElement {
  const path = data["attempt_id"] ? `/training/attempts/${encodeURIComponent(data["attempt_id"])}/result` : "/training";
  return el("section", { class: "card", "aria-label": words.result },
    el("div", { class: "card__head" }, el("h3", { text: words.score(data["score"], data["max_score"]) }),
      data["passed"] ? tag(words.passed, "accent", "check") : tag(words.failed, "danger", "cross")),
    el("p", { class: "muted", text: words.passMark(data["pass_percent"]) }),
    el("a", { class: "btn", href: api.href(path), text: words.review }));
}

const SIGNS: Record<string, [Level, IconName]> = {
  leave: ["", "chat"],
  left: ["accent", "check"],
  requested: ["warn", "clock"],
  taken: ["accent", "person"],
  ended: ["", "check"],
};

/** Show where a hand-over stands. */
export function handoverCard({ data, text }: Message, { words }: Kit): HTMLElement {
  const state = data["state"] in SIGNS ? String(data["state"]) : "requested";
  const [level, sign] = SIGNS[state]!;
  const urgent = Boolean(data["urgent"]);
  return el("section", { class: urgent ? "card card--urgent" : "card", "aria-label": words.handover },
    el("div", { class: "card__head" }, urgent && tag(words.urgent, "danger", "alert"), tag(words.handovers[state] ?? "", level, sign)),
    el("p", { class: "prose" }, ...(urgent ? dialable(text) : [text])));
}

/** Make the numbers to call (110, 96110) links that a phone dials. */
function dialable(text: string): (Node | string)[] {
  return text.split(/(?<![\d:])(\d{3,6})(?![\d:])/).map((part, i) => (i % 2 ? el("a", { class: "dial", href: `tel:${part}`, text: part }) : part));
}
