/** Questions and the answer they share, as a page shows them. */

import type { Answer } from "./answer.ts";

export type Feedback = { rating: "up" | "down"; remark: string };

/**
 * `pending`: the server has not confirmed it yet. `failed`: the sentence with which it was refused, and
 * `failedCode` its kind.
 */
export type Question = { id: string; text: string; pending?: boolean; failed?: string; failedCode?: string };

/** `replaces`: the turn instead of which it was asked, or empty. */
export type Exchange = { questions: Question[]; answer: Answer; replaces: string; feedback: Feedback | null };

/** Which version of an exchange is shown: `at` of `turns`, oldest first. */
export type Version = { turns: string[]; at: number };
