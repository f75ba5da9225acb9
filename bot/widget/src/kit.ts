/** What the parts of a chat share. */

import type { Api } from "./api";
import type { Hands } from "./types";
import type { Language, Words } from "./words";

export interface Kit {
  words: Words;
  language: Language;
  api: Api;
  hands: Hands;
  /** names that the session tells */
  manual: { title: string; edition: string };
}
