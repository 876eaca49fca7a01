/** A world for tests: its clock, network and pictures go on when the test says so, and nothing sleeps. */

import type { Cancel, SocketLike, World } from "./world.ts";

export class WorldByHand implements World {
  readonly sockets: SocketByHand[] = [];
  readonly requests: RequestByHand[] = [];
  isUp = true;
  online = true;
  /** What chance gives. */
  random = () => 0.999;
  readonly #kept = new Map<string, string>();
  readonly #timers = new Map<number, { at: number; then: () => void }>();
  readonly #awake = new Set<() => void>();
  readonly #offline = new Set<() => void>();
  #frames = new Map<number, () => void>();
  #now = 1_000_000;
  #made = 0;

  // --- As the page sees it ------------------------------------------------------------

  fetch = (address: string, init: RequestInit): Promise<Response> => {
    const request = new RequestByHand(address, init);
    this.requests.push(request);
    return request.response;
  };

  openSocket = (path: string): SocketLike => {
    const socket = new SocketByHand(path);
    this.sockets.push(socket);
    return socket;
  };

  nowMs = () => this.#now;

  after = (ms: number, then: () => void): Cancel => {
    const id = (this.#made += 1);
    this.#timers.set(id, { at: this.#now + ms, then });
    return () => void this.#timers.delete(id);
  };

  frame = (then: () => void): Cancel => {
    const id = (this.#made += 1);
    this.#frames.set(id, then);
    return () => void this.#frames.delete(id);
  };

  newId = () => `id-${(this.#made += 1)}`;
  isOnline = () => this.online;
  onAwake = (listener: () => void) => listen(this.#awake, listener);
  onOffline = (listener: () => void) => listen(this.#offline, listener);
  kept = {
    get: (name: string) => this.#kept.get(name) ?? null,
    set: (name: string, value: string | null) =>
      void (value === null ? this.#kept.delete(name) : this.#kept.set(name, value)),
    clear: () => this.#kept.clear(),
  };

  // --- As the test drives it ----------------------------------------------------------

  get socket(): SocketByHand {
    return this.sockets.at(-1)!;
  }

  /** The newest request to this path that has no answer yet. */
  asked(path: string, method = "GET"): RequestByHand {
    const found = this.requests.findLast((one) => one.isOpen && one.method === method && one.path === path);
    if (!found)
      throw new Error(`nobody asks for ${method} ${path}, but for ${this.open().join(", ") || "nothing"}`);
    return found;
  }

  open(): string[] {
    return this.requests.filter((one) => one.isOpen).map((one) => `${one.method} ${one.path}`);
  }

  /** Time goes by, and what it brings is done. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (let next; (next = this.#next(until));) {
      this.#now = Math.max(this.#now, next.at);
      next.then();
      await settled();
    }
    this.#now = until;
    await settled();
  }

  /** The next picture is made. */
  picture(): void {
    const frames = [...this.#frames.values()];
    this.#frames.clear();
    for (const then of frames) then();
  }

  async wake(): Promise<void> {
    for (const listener of [...this.#awake]) listener();
    await settled();
  }

  async goOffline(): Promise<void> {
    this.online = false;
    for (const listener of [...this.#offline]) listener();
    await settled();
  }

  #next(until: number): { at: number; then: () => void } | null {
    const due = [...this.#timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
    if (!due) return null;
    this.#timers.delete(due[0]);
    return due[1];
  }
}

export class SocketByHand implements SocketLike {
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  readonly path: string;
  readonly sent: Record<string, unknown>[] = [];
  isClosed = false;

  constructor(path: string) {
    this.path = path;
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }

  close(): void {
    this.isClosed = true;
  }

  /** It opens, and the server answers the first ping. */
  async opens(): Promise<void> {
    this.onopen?.();
    await this.says({ type: "pong" });
  }

  async says(message: object): Promise<void> {
    this.onmessage?.({ data: JSON.stringify(message) });
    await settled();
  }

  /** The network takes it away. */
  async dies(): Promise<void> {
    this.isClosed = true;
    this.onclose?.();
    await settled();
  }

  of(type: string): Record<string, unknown>[] {
    return this.sent.filter((message) => message["type"] === type);
  }
}

export class RequestByHand {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly response: Promise<Response>;
  isOpen = true;
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;
  #stream: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(address: string, { method = "GET", body, signal }: RequestInit) {
    const [path, query] = address.split("?");
    this.method = method;
    this.path = path!;
    this.query = new URLSearchParams(query);
    this.body = typeof body === "string" ? JSON.parse(body) : null;
    this.response = new Promise((resolve, reject) => ((this.#resolve = resolve), (this.#reject = reject)));
    signal?.addEventListener("abort", () => this.#over(new DOMException("gone", "AbortError")));
  }

  async gives(body: unknown, status = 200): Promise<void> {
    this.isOpen = false;
    this.#resolve(status === 204 ? new Response(null, { status }) : Response.json(body, { status }));
    await settled();
  }

  async refuses(status: number, kind: string, detail: string, retryAfterS?: number): Promise<void> {
    this.isOpen = false;
    const headers: HeadersInit = retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) };
    this.#resolve(
      Response.json({ type: `urn:penstock:${kind}`, title: kind, status, detail }, { status, headers }),
    );
    await settled();
  }

  /** Nobody answers. */
  async fails(): Promise<void> {
    this.#over(new TypeError("fetch failed"));
    await settled();
  }

  /** Begins a stream, or goes on with it. */
  async streams(text: string): Promise<void> {
    if (!this.#stream) {
      this.#resolve(
        new Response(new ReadableStream<Uint8Array>({ start: (stream) => void (this.#stream = stream) })),
      );
    }
    this.#stream!.enqueue(new TextEncoder().encode(text));
    await settled();
  }

  async ends(): Promise<void> {
    this.isOpen = false;
    this.#stream?.close();
    await settled();
  }

  #over(error: unknown): void {
    this.isOpen = false;
    this.#reject(error);
    try {
      this.#stream?.error(error);
    } catch {
      // It is over already.
    }
  }
}

/** What follows from what has happened is done; a body takes a few turns of the loop. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function listen(listeners: Set<() => void>, listener: () => void): Cancel {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
