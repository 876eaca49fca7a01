/** A setting's help is written for the documentation, in Markdown: its links and code, as plain words. Pure. */
export function helpText(help: string): string {
  return help.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("`", "").replace(/\*\*([^*]+)\*\*/g, "$1");
}
