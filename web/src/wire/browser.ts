/** The world of a real page. */

import { root } from "../root.ts";
import type { Cancel, SocketLike, World } from "./world.ts";

// A page that nobody looks at gets no pictures; its title and its sounds still want to know.
const UNSEEN_FRAME_MS = 500;

export const browser: World = {
  fetch: (address, init) => fetch(root + address, init),
  openSocket: (path) =>
    new WebSocket(`${location.origin.replace(/^http/, "ws")}${root}${path}`) as SocketLike,
  nowMs: () => Date.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
  frame: (then) => {
    const picture = requestAnimationFrame(() => (clearTimeout(timer), then()));
    const timer = setTimeout(() => (cancelAnimationFrame(picture), then()), UNSEEN_FRAME_MS);
    return () => (cancelAnimationFrame(picture), clearTimeout(timer));
  },
  random: () => Math.random(),
  newId,
  isOnline: () => navigator.onLine,
  onAwake: (listener) => {
    const seen = () => document.visibilityState === "visible" && listener();
    return all(
      listen(window, "online", listener),
      listen(window, "pageshow", listener),
      listen(document, "visibilitychange", seen),
    );
  },
  onOffline: (listener) => listen(window, "offline", listener),
  kept: { get: keptGet, set: keptSet, clear: keptClear },
};

/** `crypto.randomUUID` is only there over HTTPS and on this machine. */
function newId(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

// A page in another site's frame may be denied any storage: then it is kept as long as the page lives.
const otherwise = new Map<string, string>();

function keptGet(name: string): string | null {
  try {
    return sessionStorage.getItem(`penstock.${name}`);
  } catch {
    return otherwise.get(name) ?? null;
  }
}

function keptSet(name: string, value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(`penstock.${name}`);
    else sessionStorage.setItem(`penstock.${name}`, value);
  } catch {
    if (value === null) otherwise.delete(name);
    else otherwise.set(name, value);
  }
}

function keptClear(): void {
  otherwise.clear();
  try {
    const ours = Object.keys(sessionStorage).filter((name) => name.startsWith("penstock."));
    ours.forEach((name) => sessionStorage.removeItem(name));
  } catch {
    // Nothing could be kept there.
  }
}

function listen(target: EventTarget, name: string, listener: () => void): Cancel {
  target.addEventListener(name, listener);
  return () => target.removeEventListener(name, listener);
}

function all(...cancels: Cancel[]): Cancel {
  return () => cancels.forEach((cancel) => cancel());
}
