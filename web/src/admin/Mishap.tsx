import { Component, type ReactNode } from "react";

import { useWords } from "./words.ts";

/** A page whose code could not be loaded, or that broke, takes only itself down. */
export class Mishap extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

/** Usually the server was updated and the old code is gone: then loading it all anew is right. */
function Broken() {
  const { words } = useWords();
  return (
    <div className="notice bad" role="alert">
      <p>{words.broken}</p>
      <button type="button" className="button" onClick={() => location.reload()}>
        {words.reload}
      </button>
    </div>
  );
}
