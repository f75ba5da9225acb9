/**
 * The shapes that page and server share.
 *
 * @typedef {{title: string, payload: string}} Button
 * @typedef {{manual: string, version: string, section: string, title: string, sentence: string, score: number}} Citation
 * @typedef {Object} Message
 * @property {number} seq order in the conversation, from 1
 * @property {string} id
 * @property {"customer" | "bot" | "handler" | "system"} actor
 * @property {string} kind text, file, answer, ticket, quiz_item, quiz_feedback, quiz_result, rating, handover, error
 * @property {string} text readable on its own
 * @property {Record<string, any>} data
 * @property {Button[]} buttons
 * @property {string} at ISO time
 *
 * @typedef {Object} Hands what a rendered message may ask of the page
 * @property {(text: string, shown?: string) => void} send
 * @property {(citation: {manual: string, section: string, title?: string, sentence: string}) => void} open
 */

export {};
