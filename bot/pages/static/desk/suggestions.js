/** What the manual says to a customer's message: shown to the handler only, to be put into the reply. */

import { call } from "../api.js";
import { el } from "../dom.js";

/**
 * Ask for passages and show them under a message; where there are none nothing is shown.
 * @param {string} path the hand-over's address
 * @param {Element} step the message
 * @param {(text: string) => void} quote
 * @param {() => void} shown
 */
export async function suggest(path, step, quote, shown) {
  try {
    const { passages } = await call("GET", `${path}/suggestions?seq=${step.getAttribute("data-seq")}`);
    if (!passages.length || step.querySelector(".hint")) return;
    const text = passages.map((passage) => passage.text).join("");
    const sources = [...new Set(passages.map((passage) => passage.source))].join("；");
    step.querySelector("div")?.append(
      el("div", { class: "hint", role: "note", "aria-label": "手册建议，客户看不到" },
        el("p", { class: "prose", text }),
        el("p", { class: "row" }, el("span", { class: "muted", text: `${sources}（客户看不到）` }),
          el("button", { class: "btn", type: "button", text: "引用", onclick: () => quote(`${text}（${sources}）`) }))));
    shown();
  } catch {
    // a handler can answer without
  }
}
