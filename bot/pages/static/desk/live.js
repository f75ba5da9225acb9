/** A live conversation with a customer: new turns appear as they come, Enter sends. */

import { composing } from "../chat/composer.js";

const EVERY = 2000;
const HIDDEN = 10000;

/** @param {Element} list @returns {number} the last turn that is shown */
const lastSeq = (list) => Number([...list.querySelectorAll("[data-seq]")].at(-1)?.getAttribute("data-seq") ?? 0);

/** Follow the conversation that the page shows, if it shows a live one. */
export function followConversation() {
  const pane = document.querySelector("[data-handover]");
  const list = document.getElementById("turns");
  if (!pane || !list) return;
  list.lastElementChild?.scrollIntoView({ block: "end" });
  const field = /** @type {HTMLTextAreaElement | null} */ (pane.querySelector("[data-enter]"));
  field?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || composing(event)) return;
    event.preventDefault();
    if (field.value.trim()) field.form?.requestSubmit();
  });
  field?.focus();
  if (!pane.getAttribute("data-live")) return;

  const look = async () => {
    const url = `/desk/handovers/${pane.getAttribute("data-handover")}/turns?after=${lastSeq(list)}`;
    try {
      const response = await fetch(url, { credentials: "same-origin" });
      const html = response.ok && !response.redirected ? await response.text() : "";
      // the server's own template, in which everything is escaped
      const turns = new DOMParser().parseFromString(html, "text/html").querySelectorAll(".step");
      list.append(...turns);
      if (turns.length) list.lastElementChild?.scrollIntoView({ block: "end" });
      if (response.headers.get("X-Handover-State") === "ended") return location.reload();
    } catch {
      // the next look says more
    }
    setTimeout(() => void look(), document.hidden ? HIDDEN : EVERY);
  };
  setTimeout(() => void look(), EVERY);
}
