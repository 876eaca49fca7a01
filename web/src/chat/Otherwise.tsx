/** A part of the page that breaks is shown in a plainer way, and does not take the page with it. */

import { Component, type ReactNode } from "react";

type Props = { fallback: ReactNode; children: ReactNode };

export class Otherwise extends Component<Props, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true };
  }

  override render(): ReactNode {
    return this.state.isBroken ? this.props.fallback : this.props.children;
  }
}
