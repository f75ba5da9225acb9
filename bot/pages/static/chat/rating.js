/** The rating card: 1 to 5, the four dimensions and a comment if one likes. */

import { call } from "../api.js";
import { el } from "../dom.js";

/** @typedef {import("./types.js").Message} Message */

const WORDS = ["很不满意", "不满意", "一般", "满意", "非常满意"];

/**
 * Make five radio buttons.
 * @param {string} name
 * @param {string} label
 * @param {boolean} small
 * @param {number} [chosen]
 * @returns {HTMLElement}
 */
function scores(name, label, small, chosen) {
  const one = (word, i) =>
    el("label", { class: small ? "score score--small" : "score" },
      el("input", { type: "radio", name, value: i + 1, "aria-label": `${i + 1} 分，${word}`, checked: chosen === i + 1 }),
      el("span", { text: i + 1 }), !small && el("small", { text: word }));
  return el("div", { class: "scores", role: "radiogroup", "aria-label": label }, ...WORDS.map(one));
}

/** @param {HTMLFormElement} form @param {string} name @returns {number} 0 when nothing is chosen */
const picked = (form, name) => Number(new FormData(form).get(name) ?? 0);

/**
 * Make the rating card of an offer.
 * @param {Message} message
 * @returns {HTMLElement}
 */
export function ratingCard({ data, text, id }) {
  const dimensions = data.dimensions ?? [];
  const box = el("section", { class: "card", "aria-label": "满意度评价" });
  let last = data.rating ?? null;

  const thanks = () => {
    const change = el("button", { class: "btn btn--plain", type: "button", text: "修改评价", onclick: () => ask() });
    box.replaceChildren(el("p", { role: "status", text: `您的评价已记下：${last.score} 分，${WORDS[last.score - 1]}。7 天内可以修改。` }), change);
  };

  const ask = () => {
    const comment = el("textarea", { class: "input", rows: 2, maxlength: 500, "aria-label": "补充说明（可选）", placeholder: "补充说明（可选）" });
    /** @type {HTMLTextAreaElement} */ (comment).value = last?.comment ?? "";
    const problem = el("p", { class: "small", role: "alert" });
    const submit = el("button", { class: "btn btn--main", type: "submit", text: "提交评价" });
    const rows = dimensions.map(({ key, label }) =>
      el("div", { class: "dimension" }, el("span", { text: label }), scores(`${id}-${key}`, label, true, last?.dimensions?.[key])));
    const form = /** @type {HTMLFormElement} */ (el("form", {}, el("h3", { text }),
      scores(`${id}-score`, "总体评价", false, last?.score),
      rows.length > 0 && el("details", {}, el("summary", { text: "分项评价（可选）" }), ...rows), comment, submit, problem));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const score = picked(form, `${id}-score`);
      if (!score) {
        problem.textContent = "请先选择 1 到 5 分。";
        return;
      }
      const given = dimensions.map(({ key }) => [key, picked(form, `${id}-${key}`)]).filter(([, value]) => value);
      const rating = { score, dimensions: Object.fromEntries(given), comment: /** @type {HTMLTextAreaElement} */ (comment).value.trim() };
      submit.setAttribute("disabled", "");
      try {
        await call("POST", "/api/chat/ratings", { offer_id: data.offer_id, ...rating });
        last = rating;
        thanks();
      } catch (error) {
        submit.removeAttribute("disabled");
        problem.textContent = error.status ? error.message : "没有提交成功，您填的内容还在，请再试一次。";
      }
    });
    box.replaceChildren(form);
  };

  if (last) thanks();
  else ask();
  return box;
}
