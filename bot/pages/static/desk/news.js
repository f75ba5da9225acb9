/** News of the queues: counts follow by themselves; the list only changes when one asks for it. */

import { call } from "../api.js";
import { el } from "../dom.js";

const EVERY = 10000;
const HIDDEN = 60000;

/** Follow the queues' counts and say when there is something new. */
export function followQueues() {
  const url = document.querySelector("[data-poll]")?.getAttribute("data-poll");
  const place = document.getElementById("news");
  if (!url || !place) return;
  let said = "";
  const look = async () => {
    try {
      const news = await call("GET", url);
      for (const [key, count] of Object.entries(news.counts)) {
        for (const node of document.querySelectorAll(`[data-count="${CSS.escape(key)}"]`)) node.textContent = String(count);
      }
      if (news.words && news.words !== said) {
        said = news.words;
        place.replaceChildren(`${said}，`, el("a", { href: location.pathname + location.search, text: "刷新" }));
      }
    } catch {
      // the next look says more
    }
    setTimeout(() => void look(), document.hidden ? HIDDEN : EVERY);
  };
  setTimeout(() => void look(), EVERY);
}
