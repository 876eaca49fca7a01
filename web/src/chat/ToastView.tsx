/** A sentence over the conversation, for as long as it may be wanted; longer while it is looked at. */

import { useEffect, useState } from "react";
import { useWords } from "../words/index.ts";
import { IconButton } from "./Button.tsx";
import type { Toast } from "./contexts.ts";

const SHOWN_MS = 5_000;
/** What can be undone is shown longer: whoever reads slowly or uses a switch must reach the button. */
const SHOWN_WITH_ACTION_MS = 15_000;

export function ToastView({ toast, onClose }: { toast: Toast; onClose: () => void }) {
  const words = useWords();
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (isHeld) return undefined;
    const timer = setTimeout(onClose, toast.action ? SHOWN_WITH_ACTION_MS : SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast, isHeld, onClose]);
  const hold = { onFocus: () => setHeld(true), onBlur: () => setHeld(false), onMouseEnter: () => setHeld(true), onMouseLeave: () => setHeld(false) };
  return (
    <div className="toast" role="status" {...hold}>
      <span dir="auto">{toast.text}</span>
      {toast.action && (
        <button
          type="button"
          className="link"
          onClick={() => {
            toast.action!.run();
            onClose();
          }}
        >
          {toast.action.label}
        </button>
      )}
      <IconButton icon="close" label={words.chat.close} onClick={onClose} />
    </div>
  );
}
