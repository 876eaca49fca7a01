import { createRoot } from "react-dom/client";
import "../look/index.css";
import { inside } from "../embed/inside.ts";
import { App } from "./App.tsx";
import { applyTheme, chosenTheme } from "./theme.ts";

applyTheme(chosenTheme());
inside(window, () => document.querySelector<HTMLElement>(".composer textarea")?.focus());
createRoot(document.getElementById("page")!).render(<App />);
