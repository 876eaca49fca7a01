/** What the page's objects need of the browser. Handed in, so that a test can hand in one that it drives by hand. */

export type Cancel = () => void;

/** The part of a WebSocket that is used. */
export type SocketLike = {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(data: string): void;
  close(): void;
};

export type World = {
  fetch: (address: string, init: RequestInit) => Promise<Response>;
  /** `path` begins with a slash, without the root. */
  openSocket: (path: string) => SocketLike;
  nowMs: () => number;
  after: (ms: number, then: () => void) => Cancel;
  /** Before the next picture, or soon if nobody looks. */
  frame: (then: () => void) => Cancel;
  /** From 0 up to 1. */
  random: () => number;
  newId: () => string;
  isOnline: () => boolean;
  /** The network came back, the page is looked at again, the laptop was opened. */
  onAwake: (listener: () => void) => Cancel;
  onOffline: (listener: () => void) => Cancel;
  /** Kept for this tab, over a reload. */
  kept: {
    get: (name: string) => string | null;
    set: (name: string, value: string | null) => void;
    clear: () => void;
  };
};
