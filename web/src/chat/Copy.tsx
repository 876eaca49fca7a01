/** Copies, and says so for a moment. */

import { useEffect, useState } from "react";
import { useWords } from "../words/index.ts";
import { IconButton } from "./Button.tsx";
import { copy } from "./clipboard.ts";

export function CopyButton({ label, text }: { label: string; text: string }) {
  const words = useWords();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <IconButton
      icon={copied ? "check" : "copy"}
      label={copied ? words.answer.copied : label}
      onClick={() => void copy(text).then(setCopied)}
    />
  );
}
