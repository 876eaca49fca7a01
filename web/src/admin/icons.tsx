/** Lines on a field of 24 by 24, drawn with the text's colour. */
const LINES = {
  overview: "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
  turns: "M12 7v5l3 2M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18z",
  threads: "M4 5h16v11H9l-5 4z",
  feedback: "M7 11v9H4v-9zM7 11l4-8c2 0 3 1 3 3l-1 3h5c2 0 3 1 2.500 3l-1.500 6c-.5 1.500-1 2-3 2H7",
  usage: "M4 20h16M7 16v-5M12 16V5M17 16V9",
  knowledge: "M5 4h6a2 2 0 0 1 2 2v14a2 2 0 0 0-2-2H5zM19 4h-4a2 2 0 0 0-2 2v14a2 2 0 0 1 2-2h4z",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500v5M9 14.500v5",
  menu: "M4 7h16M4 12h16M4 17h16",
  chat: "M14 5l-7 7 7 7",
} as const;

export type IconName = keyof typeof LINES;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" aria-hidden="true">
      <path d={LINES[name]} strokeWidth="1.75" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
