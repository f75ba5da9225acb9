/** The rating card: 1 to 5, the four dimensions and a comment if one likes. */

import { Problem } from "./api";
import { el } from "./dom";
import type { Kit } from "./kit";
import type { Message } from "./types";

interface Rating {
  score: number;
  dimensions: Record<string, number>;
  comment: string;
}

interface Dimension {
  key: string;
  label: string;
}

/** Make five radio buttons. */
function scores(name: string, label: string, small: boolean, chosen: number | undefined, { words }: Kit): HTMLElement {
  const one = (word: string, i: number): HTMLElement =>
    el("label", { class: small ? "score score--small" : "score" },
      el("input", { type: "radio", name, value: i + 1, "aria-label": words.scoreLabel(i + 1, word), checked: chosen === i + 1 }),
      el("span", { text: i + 1 }), !small && el("small", { text: word }));
  return el("div", { class: "scores", role: "radiogroup", "aria-label": label }, ...words.scores.map(one));
}

/** Return the chosen score, 0 when nothing is chosen. */
const picked = (form: HTMLFormElement, name: string): number => Number(new FormData(form).get(name) ?? 0);

/** Make the rating card of an offer. */
export function ratingCard({ data, text, id }: Message, kit: Kit): HTMLElement {
  const { words } = kit;
  const box = el("section", { class: "card", "aria-label": words.ratingCard });
  let last: Rating | null = data["rating"] ?? null;

  const thanks = (given: Rating): void => {
    last = given;
    const change = el("button", { class: "btn btn--plain", type: "button", text: words.change, onclick: ask });
    box.replaceChildren(el("p", { role: "status", text: words.rated(given.score, words.scores[given.score - 1] ?? "") }), change);
  };
  function ask(): void {
    box.replaceChildren(ratingForm({ offer: data["offer_id"], dimensions: data["dimensions"] ?? [], text, id, last, thanks }, kit));
  }

  if (last) thanks(last);
  else ask();
  return box;
}

interface Asked {
  offer: string;
  dimensions: Dimension[];
  text: string;
  id: string;
  last: Rating | null;
  thanks: (given: Rating) => void;
}

function ratingForm({ offer, dimensions, text, id, last, thanks }: Asked, kit: Kit): HTMLFormElement {
  const { words, api } = kit;
  const comment = el("textarea", { class: "input", rows: 2, maxlength: 500, "aria-label": words.comment, placeholder: words.comment });
  comment.value = last?.comment ?? "";
  const problem = el("p", { class: "small bad", role: "alert" });
  const submit = el("button", { class: "btn btn--main", type: "submit", text: words.rate });
  const rows = dimensions.map(({ key, label }) => {
    const name = words.dimensions[key] ?? label;
    return el("div", { class: "dimension" }, el("span", { text: name }), scores(`${id}-${key}`, name, true, last?.dimensions?.[key], kit));
  });
  const form = el("form", {}, el("h3", { text: words.rateText(text) }), scores(`${id}-score`, words.overall, false, last?.score, kit),
    rows.length > 0 && el("details", {}, el("summary", { text: words.details }), ...rows), comment, submit, problem);
  const give = async (): Promise<void> => {
    const score = picked(form, `${id}-score`);
    if (!score) {
      problem.textContent = words.chooseScore;
      return;
    }
    const given = dimensions.map(({ key }) => [key, picked(form, `${id}-${key}`)] as const).filter(([, value]) => value);
    const rating = { score, dimensions: Object.fromEntries(given), comment: comment.value.trim() };
    submit.disabled = true;
    try {
      await api.call("POST", "/api/chat/ratings", { offer_id: offer, ...rating });
      thanks(rating);
    } catch (error) {
      submit.disabled = false;
      problem.textContent = error instanceof Problem && error.status ? error.message : words.rateFailed;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void give();
  });
  return form;
}
