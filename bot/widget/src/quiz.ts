/** The card of one question: practice answers at a press, an exam after a second look. */

import { el } from "./dom";
import type { Kit } from "./kit";
import { countdown } from "./times";
import type { Button, Message } from "./types";

const TICK = 1000;
const HURRY = 5 * 60_000; // ms

interface Option {
  key: string;
  text: string;
}

interface Exam {
  index?: number;
  total?: number;
  answered?: number;
  ends_at?: string | null;
}

const TRUE_FALSE = ["对", "错"];

/** Show one question with big targets; a typed answer stays possible. */
export function quizCard({ data, text, id }: Message, kit: Kit): HTMLElement {
  const { words } = kit;
  const exam: Exam | undefined = data["exam"];
  const index = exam?.index ?? data["index"];
  const total = exam?.total ?? data["total"];
  const given: Option[] = data["options"] ?? [];
  const options = given.length ? given : data["type"] === "true_false" ? [{ key: "对", text: words.right }, { key: "错", text: words.wrong }] : [];
  const head = el("div", { class: "card__head" },
    el("h3", { text: words.question(index, total) }), el("span", { class: "tag", text: words.types[data["type"]] ?? data["type_label"] ?? words.typeAny }));
  const scenario = data["scenario"] && el("p", { class: "prose muted", text: words.scenario(data["scenario"]) });
  const legend = el("legend", { class: "prose", text: data["stem"] ?? text });
  return el("section", { class: "card quiz", "aria-label": words.questionLabel(index) }, head, exam && examLine(exam, kit), scenario,
    el("fieldset", {}, legend, ...answers(data["type"], Boolean(exam), { options, name: `${id}-option`, given: data["given"] ?? [], prefix: data["reply_prefix"] ?? "" }, kit)));
}

/** Return the buttons of a question that are no options: the ways on, which stand below the card. */
export function waysOn({ data, buttons }: Message): Button[] {
  const options: unknown = data["options"];
  const keys = new Set(Array.isArray(options) && options.length ? (options as Option[]).map(({ key }) => key) : TRUE_FALSE);
  return (buttons ?? []).filter(({ title }) => !keys.has(title));
}

interface Choice {
  options: Option[];
  name: string;
  /** the keys that were answered before */
  given: string[];
  /** what is said in front of an answer, so that it answers this question and no other */
  prefix: string;
}

function answers(type: string, exam: boolean, choice: Choice, kit: Kit): HTMLElement[] {
  if (!choice.options.length) return [el("p", { class: "muted small", text: kit.words.typeAnswer })];
  if (type === "multiple") return [el("p", { class: "muted small", text: kit.words.several }), ...chosen("checkbox", choice, kit)];
  return exam ? chosen("radio", choice, kit) : pressed(choice, kit);
}

/** Options that answer at a press. */
function pressed({ options, prefix }: Choice, { hands }: Kit): HTMLElement[] {
  const buttons = options.map(({ key, text }) =>
    el("button", { class: "option", type: "button", onclick: () => hands.send(prefix + key, `${key} ${text}`) },
      el("span", { class: "option__key", text: key }), el("span", { text })));
  return [el("div", { class: "options" }, ...buttons)];
}

/** Options that are chosen first and submitted then. */
function chosen(type: "radio" | "checkbox", { options, name, given, prefix }: Choice, { words, hands }: Kit): HTMLElement[] {
  const boxes = options.map(({ key }) => el("input", { type, value: key, name, checked: given.includes(key) }));
  const picked = (): string => boxes.filter((box) => box.checked).map((box) => box.value).join("");
  const submit = el("button", { class: "btn btn--main", type: "button", disabled: given.length === 0, text: words.submit, onclick: () => hands.send(prefix + picked()) });
  const rows = options.map(({ key, text }, i) =>
    el("label", { class: "option" }, boxes[i], el("span", { class: "option__key", text: key }), el("span", { text })));
  return [el("div", { class: "options", onchange: () => (submit.disabled = picked() === "") }, ...rows), submit];
}

/** How far an exam is, and what time is left; the clock stops when the card leaves the page. */
function examLine(exam: Exam, { words }: Kit): HTMLElement {
  const { answered = 0, total = 0, ends_at: ends } = exam;
  const bar = el("progress", { max: Math.max(total, 1), value: answered, "aria-label": words.answered(answered, total) });
  const left = el("span", { class: "exam__left", role: "timer", "aria-label": words.left });
  const line = el("div", { class: "exam small" }, bar, el("span", { class: "muted", text: words.answered(answered, total) }), ends && left);
  if (!ends || Number.isNaN(Date.parse(ends))) return line;
  let shown = false;
  const tick = (): void => {
    if (shown && !line.isConnected) return clearInterval(timer);
    shown ||= line.isConnected;
    const now = Date.now();
    left.textContent = countdown(ends, now);
    left.classList.toggle("exam__left--soon", Date.parse(ends) - now < HURRY);
    if (Date.parse(ends) <= now) clearInterval(timer);
  };
  const timer = window.setInterval(tick, TICK);
  tick();
  return line;
}
