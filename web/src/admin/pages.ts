/** Every page of the owner's view. A new one is a line here: the navigation and the addresses come from it.
 *
 * `path` may hold names, as in "/admin/turns/:turn"; such a page is reached from others and has no `icon`.
 * `label` is a name in `nav` of words/admin-*.ts. `load` brings the page's code when it is first opened.
 */

import type { ComponentType } from "react";

import type { AdminWords } from "../words/admin-en.ts";
import type { IconName } from "./icons.tsx";
import type { Params } from "./router.ts";

export interface Page {
  path: string;
  label: Exclude<keyof AdminWords["nav"], "label">;
  icon?: IconName;
  load: () => Promise<{ default: ComponentType<{ params: Params }> }>;
}

export const pages: readonly Page[] = [
  { path: "/admin", label: "overview", icon: "overview", load: () => import("./pages/Overview.tsx") },
  { path: "/admin/turns", label: "turns", icon: "turns", load: () => import("./pages/Turns.tsx") },
  { path: "/admin/turns/:turn", label: "turn", load: () => import("./pages/Turn.tsx") },
  { path: "/admin/threads", label: "threads", icon: "threads", load: () => import("./pages/Threads.tsx") },
  { path: "/admin/threads/:key", label: "thread", load: () => import("./pages/Thread.tsx") },
  { path: "/admin/feedback", label: "feedback", icon: "feedback", load: () => import("./pages/Feedback.tsx") },
  { path: "/admin/usage", label: "usage", icon: "usage", load: () => import("./pages/Usage.tsx") },
  { path: "/admin/knowledge", label: "knowledge", icon: "knowledge", load: () => import("./pages/Knowledge.tsx") },
  { path: "/admin/settings", label: "settings", icon: "settings", load: () => import("./pages/Settings.tsx") },
];
