/** What many components need and few hand on. */

import { createContext, useContext } from "react";
import type { Me, Page } from "../store/index.ts";
import type { Language } from "../words/index.ts";

export const PageContext = createContext<Page | null>(null);
export const PersonContext = createContext<Me | null>(null);
export const LanguageContext = createContext<(language: Language) => void>(() => undefined);
/** Says a sentence over the conversation for a while, with something that can be done about it. */
export const ToastContext = createContext<(toast: Toast) => void>(() => undefined);

export type Toast = { text: string; action?: { label: string; run: () => void } };

export const usePage = (): Page => useContext(PageContext)!;
export const useMe = (): Me | null => useContext(PersonContext);
export const useToast = (): ((toast: Toast) => void) => useContext(ToastContext);
