/**
 * Markdown while it streams: blocks that are finished are never touched again; of the last one, only its last leaf.
 */

import { createContext, memo, useContext, useMemo, useRef, type ReactNode } from "react";
import { useWords } from "../words/index.ts";
import { split } from "./blocks.ts";
import { Code } from "./Code.tsx";
import { directionOf } from "./direction.ts";
import { isWaiting, settled, settledRows } from "./growing.ts";
import { Leaf } from "./Inline.tsx";
import { readBlocks, type Token, type Tokens } from "./lexer.ts";

/** `growing`: more will come, so its end is shown as it will look when what is open has been closed. */
export const Markdown = memo(function Markdown({ text, growing = false }: { text: string; growing?: boolean }) {
  const before = useRef<readonly string[]>([]);
  const blocks = useMemo(() => (before.current = split(text.replaceAll("\r\n", "\n"), before.current)), [text]);
  const top = useMemo(() => topLevel(text), [text]);
  return (
    <TopContext value={top}>
      <div className="markdown">
        {groupsOf(blocks).map((group, place, all) => (
          <Group key={place} blocks={group} growing={growing && place === all.length - 1} />
        ))}
      </div>
    </TopContext>
  );
});

/** The depth of the first heading. Many models never begin with a first-level one. */
const TopContext = createContext(1);

const topLevel = (text: string): number => /^ {0,3}(#{1,6})[ \t]/m.exec(text)?.[1]!.length ?? 1;

/** React asks each of these whether it changed, for every word: of thousands of blocks it asks the groups alone. */
const GROUP = 32;

function groupsOf(blocks: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(blocks.length / GROUP) }, (_, place) => blocks.slice(place * GROUP, (place + 1) * GROUP));
}

const Group = memo(
  function Group({ blocks, growing }: { blocks: readonly string[]; growing: boolean }) {
    return blocks.map((block, place) => <Block key={place} text={block} growing={growing && place === blocks.length - 1} />);
  },
  (one, other) =>
    one.growing === other.growing && one.blocks.length === other.blocks.length &&
    one.blocks.every((block, place) => block === other.blocks[place]),
);

const Block = memo(function Block({ text, growing }: { text: string; growing: boolean }) {
  const tokens = useMemo(() => readBlocks(text), [text]);
  // After an empty line, what stands before it is settled.
  return <Tokens tokens={tokens} open={growing && !/\n[ \t]*\n[ \t]*$/.test(text)} />;
});

function Tokens({ tokens, open }: { tokens: Token[]; open: boolean }): ReactNode {
  const shown = tokens.filter((token) => token.type !== "space");
  if (open && shown.length && isWaiting(shown.at(-1)!)) shown.pop();
  return shown.map((token, place) => <One key={place} token={token} open={open && place === shown.length - 1} />);
}

type OneProps = { token: Token; open: boolean; tight?: boolean };

// A token with the same text says the same: the others of a long list are not made anew.
const One = memo(function One({ token, open, tight = false }: OneProps): ReactNode {
  switch (token.type) {
    case "heading":
      return <Heading token={token as Tokens.Heading} open={open} />;
    case "paragraph":
      return <p dir="auto"><Leaf text={open ? settled(token.text) : token.text} open={open} /></p>;
    case "text": {
      const leaf = <Leaf text={open ? settled(token.text) : token.text} open={open} />;
      return tight ? leaf : <p dir="auto">{leaf}</p>;
    }
    case "code":
      return <Code token={token as Tokens.Code} open={open} />;
    case "blockquote":
      return <blockquote dir={directionOf(token.raw)}><Tokens tokens={token.tokens!} open={open} /></blockquote>;
    case "list":
      return <List token={token as Tokens.List} open={open} />;
    case "table":
      return <Table token={token as Tokens.Table} open={open} />;
    case "hr":
      return <hr />;
    default:
      return null;
  }
}, isSame);

function isSame(one: OneProps, other: OneProps): boolean {
  return one.open === other.open && one.tight === other.tight && one.token.type === other.token.type && one.token.raw === other.token.raw;
}

/** The page's own headings come first, so that the answer's begin at the third level, whichever it begins with. */
function Heading({ token, open }: { token: Tokens.Heading; open: boolean }) {
  const top = useContext(TopContext);
  const Level = `h${Math.min(3 + Math.max(0, token.depth - top), 6)}` as "h3" | "h4" | "h5" | "h6";
  return (
    <Level className={`level-${token.depth}`} dir="auto">
      <Leaf text={token.text} open={open && !token.raw.endsWith("\n")} />
    </Level>
  );
}

function List({ token, open }: { token: Tokens.List; open: boolean }) {
  const items = open && isWaiting(token.items.at(-1)!) ? token.items.slice(0, -1) : token.items;
  const rows = items.map((item, place) => (
    <Item key={place} item={item} loose={token.loose} open={open && place === items.length - 1} />
  ));
  const dir = directionOf(token.raw);
  return token.ordered ? <ol start={Number(token.start)} dir={dir}>{rows}</ol> : <ul dir={dir}>{rows}</ul>;
}

/** In a list with empty lines, marked leaves the box of a task in the text too. */
function withoutBox(token: Token): Token {
  const isLoose = token.type === "paragraph" && token.tokens?.[0]?.type === "checkbox";
  return isLoose ? ({ ...token, text: token.text.replace(/^\[[ xX]\]\s+/, "") } as Token) : token;
}

type ItemProps = { item: Tokens.ListItem; loose: boolean; open: boolean };

const Item = memo(
  function Item({ item, loose, open }: ItemProps) {
    const words = useWords();
    const shown = item.tokens.filter((token) => token.type !== "space" && token.type !== "checkbox").map(withoutBox);
    if (open && shown.length && isWaiting(shown.at(-1)!)) shown.pop();
    return (
      <li className={item.task ? "task" : undefined}>
        {item.task && (
          <input type="checkbox" checked={item.checked ?? false} disabled aria-label={item.checked ? words.markdown.done : words.markdown.open} />
        )}
        {shown.map((token, place) => (
          <One key={place} token={token} tight={!loose} open={open && place === shown.length - 1} />
        ))}
      </li>
    );
  },
  (one, other) => one.open === other.open && one.loose === other.loose && one.item.raw === other.item.raw,
);

function Table({ token, open }: { token: Tokens.Table; open: boolean }) {
  const words = useWords();
  const dir = directionOf(token.raw);
  const rows = open ? settledRows(token.rows) : token.rows;
  return (
    // Wider than the page, it is scrolled by keyboard too.
    <div className="table" role="region" aria-label={words.markdown.table} tabIndex={0} dir={dir}>
      <table dir={dir}>
        <thead>
          <Row cells={token.header} head />
        </thead>
        <tbody>
          {rows.map((cells, place) => (
            <Row key={place} cells={cells} open={open && place === rows.length - 1 && !token.raw.endsWith("\n")} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

type RowProps = { cells: Tokens.TableCell[]; head?: boolean; open?: boolean };

const Row = memo(
  function Row({ cells, head = false, open = false }: RowProps) {
    const Cell = head ? "th" : "td";
    const last = cells.findLastIndex((cell) => cell.text !== "");
    return (
      <tr>
        {cells.map((cell, place) => (
          <Cell key={place} className={cell.align ? `align-${cell.align}` : undefined} scope={head ? "col" : undefined}>
            <Leaf text={cell.text} open={open && place === last} />
          </Cell>
        ))}
      </tr>
    );
  },
  (one, other) =>
    one.head === other.head && one.open === other.open && one.cells.length === other.cells.length &&
    one.cells.every((cell, place) => cell.text === other.cells[place]!.text && cell.align === other.cells[place]!.align),
);
