import { useWords } from "../words/index.ts";
import { Dialog } from "./Dialog.tsx";
import { KEYS } from "./shortcuts.ts";

/** The keyboard shortcuts. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  const words = useWords().help;
  return (
    <Dialog title={words.title} onClose={onClose}>
      <dl className="keys">
        {Object.entries(KEYS).map(([name, keys]) => (
          <div key={name}>
            <dt>{words[name as keyof typeof KEYS]}</dt>
            <dd>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
