/**
 * A text field that grows with what is in it. Enter sends its form and Shift+Enter breaks the line, but not while an
 * input method composes: Enter then takes its proposal, and Safari tells of that with key code 229 alone.
 */

import { useLayoutEffect, useRef, type KeyboardEvent, type Ref } from "react";

type Props = {
  value: string;
  onChange: (text: string) => void;
  label: string;
  placeholder?: string;
  autoFocus?: boolean;
  invalid?: boolean;
  describedBy?: string;
  area?: Ref<HTMLTextAreaElement>;
};

export function Growing({ value, onChange, label, placeholder, autoFocus, invalid, describedBy, area }: Props) {
  const own = useRef<HTMLTextAreaElement>(null);
  // What was begun is gone on with: a field that comes with its text has the caret at its start otherwise.
  useLayoutEffect(() => {
    const field = own.current!;
    if (field.value) field.setSelectionRange(field.value.length, field.value.length);
  }, []);
  useLayoutEffect(() => {
    const field = own.current!;
    if (CSS.supports("field-sizing", "content")) return;
    field.style.setProperty("height", "auto");
    field.style.setProperty("height", `${field.scrollHeight}px`);
  }, [value]);
  return (
    <textarea
      ref={(field) => {
        own.current = field;
        if (typeof area === "function") area(field);
        else if (area) area.current = field;
      }}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={sendOnEnter}
      rows={1}
      dir="auto"
      autoFocus={autoFocus}
      aria-label={label}
      placeholder={placeholder}
      aria-invalid={invalid || undefined}
      aria-describedby={describedBy}
      enterKeyHint="send"
    />
  );
}

function sendOnEnter(event: KeyboardEvent<HTMLTextAreaElement>): void {
  const composes = event.nativeEvent.isComposing || event.keyCode === 229;
  if (event.key !== "Enter" || event.shiftKey || composes) return;
  event.preventDefault();
  event.currentTarget.form?.requestSubmit();
}
