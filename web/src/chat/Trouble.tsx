/** Nothing can be shown, and what to do about it. */

import { useWords } from "../words/index.ts";

export function Trouble({ sentence, again, children }: { sentence: string; again?: () => void; children?: React.ReactNode }) {
  const words = useWords();
  return (
    <div className="trouble" role="alert">
      <p>{sentence}</p>
      {again && <button type="button" className="button" onClick={again}>{words.chat.tryAgain}</button>}
      {children}
    </div>
  );
}
