/** The source sheet: one section of the manual with the cited sentence marked. */

import type { Api } from "./api";
import { el, icon } from "./dom";
import { passage, type Paragraph } from "./passage";
import { FAQ } from "./sources";
import type { Citation } from "./types";
import type { Words } from "./words";

interface Section {
  number: string;
  title: string;
  chapter_title: string;
  manual_title?: string;
  note?: string;
  paragraphs: Paragraph[];
}

const address = ({ manual, version, section }: Citation): string =>
  `/api/manuals/${encodeURIComponent(manual)}/sections/${encodeURIComponent(section)}` + (version ? `?version=${encodeURIComponent(version)}` : "");

const waiting = (): HTMLElement[] => [1, 2, 3, 4].map(() => el("div", { class: "skeleton" }));

export class Sheet {
  readonly dialog: HTMLDialogElement;
  private readonly path = el("p", { class: "muted small", id: "sheet-path" });
  private readonly title = el("h2", { id: "sheet-title", tabindex: -1 });
  private readonly body = el("div", { class: "sheet__body prose", id: "sheet-body", tabindex: 0 });
  private asked = 0;

  constructor(
    private readonly api: Api,
    private readonly words: Words,
    private readonly manual: () => string,
  ) {
    const close = el("button", { class: "btn btn--plain btn--icon", id: "sheet-close", type: "button", "aria-label": words.closeSheet, onclick: () => this.dialog.close() }, icon("cross"));
    this.dialog = el("dialog", { class: "sheet", id: "sheet", "aria-labelledby": "sheet-title" },
      el("header", { class: "sheet__head" }, el("div", {}, this.path, this.title), close), this.body);
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  /** Open a source; the focus goes back to where it was when the sheet is closed. */
  async open(citation: Citation): Promise<void> {
    const mine = (this.asked += 1);
    const isFaq = citation.manual === FAQ;
    this.title.textContent = isFaq ? (citation.title ?? "") : `${citation.section} ${citation.title ?? ""}`.trim();
    this.path.textContent = isFaq ? this.words.faq : this.words.manual(this.manual());
    this.body.replaceChildren(...waiting());
    if (!this.dialog.open) this.dialog.showModal();
    this.title.focus();
    try {
      const section = (await this.api.call("GET", address(citation))) as Section;
      if (mine === this.asked) this.show(section, citation, isFaq);
    } catch (problem) {
      if (mine === this.asked) this.apologise(citation, problem);
    }
  }

  private show(section: Section, citation: Citation, isFaq: boolean): void {
    const { words } = this;
    this.title.textContent = isFaq ? section.title : `${section.number} ${section.title}`;
    const chapter = words.chapter(section.number.split(".")[0] ?? "", section.chapter_title);
    this.path.textContent = isFaq
      ? `${section.manual_title ?? words.faq} › ${section.number}`
      : `${words.manual(section.manual_title ?? this.manual())} › ${chapter}`;
    this.body.replaceChildren(...passage(section.paragraphs, isFaq ? "" : citation.sentence, words));
    if (section.note) this.body.append(el("p", { class: "muted small", text: section.note }));
    this.body.querySelector("mark")?.scrollIntoView({ block: "center" });
  }

  private apologise(citation: Citation, problem: unknown): void {
    const why = problem instanceof Error ? problem.message : "";
    this.body.replaceChildren(
      el("p", { class: "muted", text: this.words.sourceFailed(why) }),
      el("blockquote", { class: "quote", text: citation.sentence }),
      el("button", { class: "btn", type: "button", text: this.words.again, onclick: () => void this.open(citation) }));
  }
}
