/** The shapes that widget and server share. */

export interface Button {
  title: string;
  payload: string;
}

export interface Citation {
  manual: string;
  version?: string;
  section: string;
  title?: string;
  sentence: string;
}

/** `data` is whatever the kind of message needs; cards check what they read. */
export interface Message {
  /** order in the conversation, from 1 */
  seq: number;
  id: string;
  actor: "customer" | "bot" | "handler" | "system";
  /** text, file, answer, ticket, quiz_item, quiz_feedback, quiz_result, rating, handover, error */
  kind: string;
  /** readable on its own */
  text: string;
  data: Record<string, any>;
  buttons: Button[];
  /** ISO time */
  at: string;
}

/** Where the conversation stands. */
export interface Standing {
  mode: string;
  position: number;
  opens?: string;
  handler: string;
  read_seq: number;
  typing?: boolean;
}

/** What opening a session returns. */
export interface Session {
  conversation_id: string;
  session?: string;
  staff?: boolean;
  manual_title?: string;
  edition?: string;
  messages: Message[];
  standing?: Standing;
  suggestions: string[];
}

/** What a rendered message may ask of the chat. */
export interface Hands {
  send: (text: string, shown?: string) => void;
  open: (citation: Citation) => void;
}
