import { type FormEvent, type ReactNode, useState } from "react";

interface Props {
  label: string;
  button: string;
  words: string;
  onSearch: (words: string) => void;
  children?: ReactNode;
}

/** A search that the server makes: when it is sent, not at each letter. */
export function Search({ label, button, words, onSearch, children }: Props) {
  const [typed, setTyped] = useState(words);
  const send = (event: FormEvent) => {
    event.preventDefault();
    onSearch(typed.trim());
  };
  return (
    <form className="search" role="search" onSubmit={send}>
      <input type="search" aria-label={label} placeholder={label} value={typed} onChange={(event) => setTyped(event.target.value)} />
      <button type="submit" className="button">{button}</button>
      {children}
    </form>
  );
}
