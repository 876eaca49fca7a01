/** A button that is a sign: its label is for screen readers, and shown when the pointer rests on it. */

import type { ComponentProps } from "react";
import { Icon, type IconName } from "./icons.tsx";

type Props = Omit<ComponentProps<"button">, "children"> & { icon: IconName; label: string };

export function IconButton({ icon, label, className = "", ...rest }: Props) {
  return (
    <button type="button" aria-label={label} title={label} className={`icon-button ${className}`} {...rest}>
      <Icon name={icon} />
    </button>
  );
}
