/** `<wenjin-source>`: the source sheet alone, for pages that cite the manual without a chat. */

import { Api } from "./api";
import { home } from "./home";
import { memoryIn } from "./memory";
import { Sheet } from "./sheet";
import { sheets } from "./styles";
import type { Citation } from "./types";
import { languageOf, wordsOf } from "./words";

export class WenjinSource extends HTMLElement {
  private sheet: Sheet | null = null;

  connectedCallback(): void {
    if (this.sheet) return;
    const words = wordsOf(languageOf(this.getAttribute("lang")));
    const api = new Api({ server: home(), identity: null, memory: memoryIn(() => localStorage, "wenjin:source:"), words });
    this.sheet = new Sheet(api, words, () => words.manualDefault);
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = sheets();
    root.append(this.sheet.dialog);
  }

  /** Open a source. */
  open(citation: Citation): void {
    void this.sheet?.open(citation);
  }
}
