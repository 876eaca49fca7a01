export { CitingContext, type Citing } from "./citing.ts";
export { Markdown } from "./Markdown.tsx";
