/** What brings the news of threads: a socket, or streams of server-sent events where no socket comes through. */

import type { WireEvent } from "../log/event.ts";
import type { ApiError } from "./problem.ts";

export type News = {
  thread: string;
  turn: string;
  events: readonly WireEvent[];
  /** How far they lead; null when they say nothing of that. */
  cursor: string | null;
};

/** What a line tells. After `lost` it tells nothing more. */
export type Told = {
  opened(): void;
  /** Somebody is there and answers. */
  proved(): void;
  news(news: News): void;
  /** This thread is not followed, or no longer. */
  refused(thread: string, error: ApiError): void;
  lost(): void;
};

export interface Line {
  /** False when this line cannot: a new one must be opened for it. */
  follow(thread: string, cursor: string | null): boolean;
  leave(thread: string): void;
  /** Find out soon whether anybody is there. */
  check(): void;
  /** Tells nothing more, not even that it was lost. */
  close(): void;
}
