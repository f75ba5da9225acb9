/** Training: keys pick options, sources open in the sheet. Everything works without it. */

/** Let a letter or a number pick the option of that name or place. @param {HTMLFormElement} form */
function pickByKey(form) {
  const inputs = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll(".option input")]);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Enter" && event.target instanceof HTMLInputElement && event.target.type === "checkbox") {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    const place = /^[1-9]$/u.test(event.key) ? Number(event.key) - 1 : -1;
    const input = inputs[place] ?? inputs.find((one) => one.value === event.key.toUpperCase());
    if (!input) return;
    event.preventDefault();
    input.checked = input.type === "checkbox" ? !input.checked : true;
    input.focus();
  });
}

const form = document.querySelector("form[data-quiz]");
if (form instanceof HTMLFormElement && form.querySelector(".option")) pickByKey(form);

// Enter goes on, and the page stays at its top
/** @type {HTMLElement | null} */ (document.querySelector("[data-focus]"))?.focus({ preventScroll: true });

// the passage beside an explanation opens at the sentence
const mark = document.querySelector(".passage [data-mark]");
const body = mark?.closest(".passage__body");
if (mark instanceof HTMLElement && body instanceof HTMLElement) {
  body.scrollTop = mark.offsetTop - body.offsetTop - body.clientHeight / 3;
}

const source = /** @type {any} */ (document.querySelector("wenjin-source"));
for (const button of source ? document.querySelectorAll("[data-open]") : []) {
  const { manualName, section, title, sentence } = /** @type {HTMLElement} */ (button).dataset;
  button.addEventListener("click", () => source.open({ manual: manualName ?? "", section: section ?? "", title, sentence: sentence ?? "" }));
}
