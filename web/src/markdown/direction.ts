/**
 * Which way a block runs that has blocks inside: as its first letter does (the rule of dir="auto", which looks past
 * what has a `dir` of its own).
 */

const LETTER = /\p{L}/u;
const LEFTWARDS = /[\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Syriac}\p{sc=Thaana}\p{sc=Nko}\p{sc=Adlam}]/u;

export function directionOf(text: string): "rtl" | "ltr" {
  return LEFTWARDS.test(LETTER.exec(text)?.[0] ?? "") ? "rtl" : "ltr";
}
