/** Defines the elements; a script tag with `data-mount` also puts a chat on the page. */

import { WenjinChat } from "./element";
import { ownScript } from "./home";
import { WenjinSource } from "./source-element";

if (!customElements.get("wenjin-chat")) {
  customElements.define("wenjin-chat", WenjinChat);
  customElements.define("wenjin-source", WenjinSource);
  mount(ownScript());
}

function mount(script: HTMLScriptElement | null): void {
  if (!script || !("mount" in script.dataset)) return;
  const put = (): void => {
    const chat = document.createElement("wenjin-chat");
    for (const [name, value] of Object.entries(script.dataset)) {
      if (name !== "mount") chat.setAttribute(name, value ?? "");
    }
    document.body.append(chat);
  };
  if (document.body) put();
  else document.addEventListener("DOMContentLoaded", put, { once: true });
}
