/** Files in the chat: chosen, pasted or dropped; sent at once, each with its progress and its own words when it fails. */

import { type Api, Problem } from "./api";
import { el, icon } from "./dom";
import type { Kit } from "./kit";
import type { Log } from "./log";
import { thumb } from "./thumb";
import type { Message } from "./types";
import type { Words } from "./words";

const TYPES = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"]);
const LARGEST = 10_000_000;
export const ACCEPT = [...TYPES].join(",");

export const sizeWords = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;

/** Say why a file cannot be sent, "" where it can. */
export function refusal({ type, size }: { type: string; size: number }, words: Words): string {
  if (!TYPES.has(type)) return words.wrongType;
  if (!size) return words.empty;
  return size > LARGEST ? words.tooLarge : "";
}

/** Show a file that was sent: an image in a box of fixed size, anything else by name; taken back while no ticket has it. */
export function fileBubble({ data }: Message, { words, api }: Kit): HTMLElement {
  const { file_id: id, name, size, media_type: type, place } = data as Record<string, string> & { size: number };
  const box = el("div", { class: "file" });
  const gone = (): void => box.replaceChildren(el("p", { class: "bubble muted", text: words.removed(name ?? "") }));
  if (place === "gone") {
    gone();
    return box;
  }
  const path = `/api/chat/files/${encodeURIComponent(id ?? "")}`;
  const named = (): HTMLElement => link(api, path, "bubble file__name", icon("clip"), words.file(name ?? "", sizeWords(size)));
  box.append(type?.startsWith("image/") ? picture(api, path, words.image(name ?? ""), named) : named());
  if (place === "pending") box.append(pendingLine(path, name ?? "", gone, api, words));
  return box;
}

/** Make a link to a file; where our credential is needed, the file is fetched first and then opened. */
function link(api: Api, path: string, look: string, ...children: (Node | string)[]): HTMLAnchorElement {
  const open = async (event: Event): Promise<void> => {
    if (!api.carriesBearer) return;
    event.preventDefault();
    const page = window.open("", "_blank");
    const file = await fetched(api, path);
    if (!page) return;
    if (file) page.location.href = URL.createObjectURL(file);
    else page.close();
  };
  return el("a", { class: look, href: api.href(path), target: "_blank", rel: api.carriesBearer ? "" : "noopener", onclick: open }, ...children);
}

const fetched = async (api: Api, path: string): Promise<Blob | null> => {
  try {
    return await (await api.raw(path, AbortSignal.timeout(30_000))).blob();
  } catch {
    return null;
  }
};

function picture(api: Api, path: string, label: string, named: () => HTMLElement): HTMLElement {
  if (!api.carriesBearer) {
    const image = el("img", { src: api.href(path), alt: label, loading: "lazy", width: 200, height: 150 });
    const shown = link(api, path, "file__image", image);
    image.addEventListener("error", () => shown.replaceWith(named()));
    return shown;
  }
  const shown = link(api, path, "file__image");
  void fetched(api, path)
    .then((file) => file && thumb(file, label))
    .then((canvas) => (canvas ? shown.append(canvas) : shown.replaceWith(named())));
  return shown;
}

function pendingLine(path: string, name: string, gone: () => void, api: Api, words: Words): HTMLElement {
  const line = el("p", { class: "file__note small", role: "status" }, words.pending);
  const remove = async (): Promise<void> => {
    try {
      await api.call("DELETE", path);
      gone();
    } catch (problem) {
      line.textContent = problem instanceof Error ? problem.message : words.trouble;
    }
  };
  line.append(el("button", { class: "linkish", type: "button", text: words.remove, "aria-label": words.removeNamed(name), onclick: () => void remove() }));
  return line;
}

export interface FileParts {
  /** where files may be dropped */
  room: HTMLElement;
  picker: HTMLInputElement;
  attach: HTMLButtonElement;
  field: HTMLTextAreaElement;
}

/** Takes files in and sends them; `refresh` asks for what the server has now. */
export class Files {
  constructor(
    parts: FileParts,
    private readonly kit: Kit,
    private readonly log: Log,
    private readonly refresh: () => Promise<void>,
  ) {
    const { room, picker, attach, field } = parts;
    attach.addEventListener("click", () => picker.click());
    picker.addEventListener("change", () => {
      this.sendAll(picker.files);
      picker.value = "";
    });
    field.addEventListener("paste", (event) => this.take(event, event.clipboardData));
    room.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      room.classList.add("chat--drop");
    });
    room.addEventListener("dragleave", (event) => {
      if (!room.contains(event.relatedTarget as Node | null)) room.classList.remove("chat--drop");
    });
    room.addEventListener("drop", (event) => {
      room.classList.remove("chat--drop");
      this.take(event, event.dataTransfer);
    });
  }

  private take(event: Event, from: DataTransfer | null): void {
    if (!from?.files.length) return;
    event.preventDefault();
    this.sendAll(from.files);
  }

  private sendAll(files: FileList | null): void {
    for (const file of files ?? []) void this.send(file);
  }

  private async send(file: File): Promise<void> {
    const { words, api } = this.kit;
    const bar = el("progress", { max: 1, value: 0, "aria-label": words.uploading(file.name) });
    const box = el("div", { class: "bubble file__name" }, icon("clip"), words.file(file.name, sizeWords(file.size)), bar);
    const node = el("div", { class: "msg msg--customer" }, el("div", { class: "msg__main" }, box));
    this.log.local(node);
    const why = refusal(file, words);
    if (why) return this.fail(node, bar, file, why, false);
    void this.preview(box, file);
    try {
      await api.upload(file, (part) => (bar.value = part));
      await this.refresh();
      node.remove();
    } catch (problem) {
      this.fail(node, bar, file, problem instanceof Error ? problem.message : words.uploadFailed, !(problem instanceof Problem) || problem.passing);
    }
  }

  private async preview(box: HTMLElement, file: File): Promise<void> {
    const canvas = file.type.startsWith("image/") ? await thumb(file, "") : null;
    if (!canvas) return;
    canvas.setAttribute("aria-hidden", "true");
    box.prepend(canvas);
    if (this.log.following) this.log.toEnd();
  }

  private fail(node: HTMLElement, bar: HTMLElement, file: File, message: string, again: boolean): void {
    const { words } = this.kit;
    const retry = (): void => {
      node.remove();
      void this.send(file);
    };
    bar.remove();
    node.classList.remove("msg--waiting");
    node.querySelector(".msg__main")?.append(
      el("div", { class: "failed", role: "alert" }, el("span", { text: message }),
        again && el("button", { class: "linkish", type: "button", text: words.uploadAgain, onclick: retry }),
        el("button", { class: "linkish", type: "button", text: words.uploadDrop, onclick: () => node.remove() })));
    this.log.toEnd();
  }
}
