/** Before the first question: the site's greeting, and what one might ask. */

import { Logo } from "./Brand.tsx";
import { usePage } from "./contexts.ts";

export function Welcome({ onAsk }: { onAsk: (text: string) => void }) {
  const page = usePage();
  return (
    <div className="welcome">
      {page.logo && <Logo source={page.logo} />}
      <h2 dir="auto">{page.greeting || page.title}</h2>
      {page.suggestions.length > 0 && (
        <ul>
          {page.suggestions.map((text) => (
            <li key={text}><button type="button" dir="auto" onClick={() => onAsk(text)}>{text}</button></li>
          ))}
        </ul>
      )}
    </div>
  );
}
