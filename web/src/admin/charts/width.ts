import { type RefObject, useLayoutEffect, useState } from "react";

// Where nothing is laid out (a test), something is drawn all the same.
const UNKNOWN_PX = 640;

/** How wide the element is, in CSS pixels: a chart is drawn in them, so that its letters keep their size. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(UNKNOWN_PX);
  useLayoutEffect(() => {
    const measured = element.current;
    if (!measured || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(() => setWidth(measured.clientWidth || UNKNOWN_PX));
    observer.observe(measured);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
