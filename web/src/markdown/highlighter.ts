/** Code in colours. Loaded when the first code is shown, not with the page. */

import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";
import { createElement, type ReactNode } from "react";

type Node = { type: string; value?: string; properties?: { className?: string[] }; children?: Node[] };

const lowlight = createLowlight({
  bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, json, kotlin, php, python, ruby, rust, shell, sql, swift,
  typescript, xml, yaml,
});
// TypeScript's grammar reads JavaScript too, so one of the two is enough.
lowlight.registerAlias({ typescript: ["javascript", "js", "jsx", "mjs", "cjs", "tsx"], shell: ["console"], ini: ["toml"] });

/** The code as elements, or null when its language is not one of ours. */
export function coloured(code: string, language: string): ReactNode {
  if (!lowlight.registered(language)) return null;
  return lowlight.highlight(language, code).children.map((node, place) => element(node as Node, place));
}

function element(node: Node, place: number): ReactNode {
  if (node.type === "text") return node.value;
  return createElement("span", { key: place, className: node.properties?.className?.join(" ") }, node.children?.map(element));
}
