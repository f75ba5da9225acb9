/** 有用 and 没用 under an answer: given with one press, changed with another. */

import { el, icon } from "./dom";
import type { Kit } from "./kit";
import type { Message } from "./types";

const TOLD = 2000; // ms

/** Make the two buttons; what was given before is pressed. */
export function marks({ id, data }: Message, { api, words }: Kit): HTMLElement {
  const told = el("span", { role: "status", class: "marks__told" });
  const choices = [true, false].map((helpful) => {
    const name = helpful ? words.helpful : words.unhelpful;
    return el("button", {
      class: helpful ? "mini" : "mini mini--down", type: "button", "aria-label": name, title: name,
      "aria-pressed": String(data?.["helpful"] === helpful), onclick: () => void give(helpful),
    }, icon("thumb"));
  });

  const show = (helpful: boolean | undefined): void =>
    choices.forEach((one, place) => one.setAttribute("aria-pressed", String(helpful === (place === 0))));

  const give = async (helpful: boolean): Promise<void> => {
    const before = choices.findIndex((one) => one.getAttribute("aria-pressed") === "true");
    show(helpful);
    try {
      await api.call("POST", "/api/chat/marks", { id, helpful });
      told.textContent = words.marked;
    } catch (problem) {
      show(before < 0 ? undefined : before === 0);
      told.textContent = problem instanceof Error ? problem.message : words.trouble;
    }
    setTimeout(() => (told.textContent = ""), TOLD);
  };

  return el("span", { class: "marks", role: "group", "aria-label": words.marks }, ...choices, told);
}
