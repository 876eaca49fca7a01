/** Small things that several pages show. */

import { type ReactNode, useState } from "react";

import { asApiError } from "../wire/problem.ts";
import { Link } from "./Link.tsx";
import type { Loaded } from "./loading.ts";
import { under } from "./router.ts";
import { ago, duration, moment } from "./times.ts";
import { isLive, type State, stop, type TurnFacts } from "./wire.ts";
import { useWords } from "./words.ts";

export function Heading({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <header className="heading">
      <h1>{title}</h1>
      {children}
    </header>
  );
}

/** What a page says while there is nothing yet, and when something went wrong. */
export function Loading({ of }: { of: Pick<Loaded<unknown>, "error" | "again"> & { value?: unknown; first?: boolean } }) {
  const { words } = useWords();
  if (of.error) {
    return (
      <div className="notice bad" role="alert">
        <p>{of.error}</p>
        <button type="button" className="button" onClick={of.again}>
          {words.again}
        </button>
      </div>
    );
  }
  return (of.first ?? of.value === null) ? <p className="quiet">{words.loading}</p> : null;
}

/** A moment as it is talked of; the whole of it under the pointer. */
export function When({ at_s }: { at_s: number }) {
  const { words, language } = useWords();
  if (!at_s) return words.none;
  return (
    <time dateTime={new Date(at_s * 1000).toISOString()} title={moment(at_s, language)}>
      {ago(at_s, Date.now() / 1000, language)}
    </time>
  );
}

export function StateMark({ state, children }: { state: State; children?: ReactNode }) {
  const { words } = useWords();
  return (
    <span className="state" data-state={state}>
      {words.states[state]}
      {children && <span className="quiet"> {children}</span>}
    </span>
  );
}

/** How long a turn has taken: so far, when it has not ended. */
export function took(turn: Pick<TurnFacts, "asked_s" | "ended_s" | "state">, now_s: number): number | null {
  if (!turn.ended_s && !isLive(turn.state)) return null;
  const end_s = turn.ended_s || Math.max(now_s, turn.asked_s);
  // Nobody reads a file with microseconds in it.
  return Math.round((end_s - turn.asked_s) * 1000) / 1000;
}

export function Took({ turn }: { turn: Pick<TurnFacts, "asked_s" | "ended_s" | "state"> }) {
  const { words, language } = useWords();
  const took_s = took(turn, Date.now() / 1000);
  return took_s === null ? words.none : duration(took_s, language);
}

/** Orders a turn stopped; the list that shows it is read again by whoever has it. */
export function StopButton({ turn, onStopped }: { turn: TurnFacts & { name?: string; person?: string }; onStopped: () => void }) {
  const { words } = useWords();
  const [state, setState] = useState<"idle" | "ordered" | string>("idle");
  if (!isLive(turn.state)) return null;
  const order = async () => {
    setState("ordered");
    try {
      await stop(turn.turn);
      onStopped();
    } catch (error) {
      setState(words.stopFailed(asApiError(error).message));
    }
  };
  const ordered = state === "ordered" || turn.stop_by !== "";
  return (
    <>
      <button type="button" className="button small" disabled={ordered} onClick={order} aria-label={ordered ? undefined : words.stopOf(turn.name || turn.person || turn.thread)}>
        {ordered ? words.stopping : words.stop}
      </button>
      {state !== "idle" && state !== "ordered" && <span role="alert">{state}</span>}
    </>
  );
}

export const turnAddress = (turn: string) => under("/admin/turns", turn);
export const threadAddress = (key: string) => under("/admin/threads", key);

export function ThreadLink({ of, children }: { of: string; children: ReactNode }) {
  return <Link to={threadAddress(of)}>{children}</Link>;
}

interface ChoiceProps<T extends string> {
  label: string;
  options: readonly (readonly [T, string])[];
  chosen: T;
  onChoose: (value: T) => void;
}

/** One of a few, all in sight. */
export function Choice<T extends string>({ label, options, chosen, onChoose }: ChoiceProps<T>) {
  return (
    <div className="choice" role="group" aria-label={label}>
      {options.map(([value, name]) => (
        <button key={value} type="button" aria-pressed={value === chosen} onClick={() => onChoose(value)}>
          {name}
        </button>
      ))}
    </div>
  );
}

export function More({ of }: { of: { more: boolean; loading: boolean; loadMore: () => void } }) {
  const { words } = useWords();
  return of.more ? (
    <button type="button" className="button more" onClick={of.loadMore}>
      {words.more}
    </button>
  ) : null;
}
