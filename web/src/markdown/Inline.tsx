/** What stands in a leaf, as React elements. Never HTML: whatever a model writes is text. */

import { Fragment, memo, useContext, useMemo, useRef, type ReactNode } from "react";
import { useWords } from "../words/index.ts";
import { CitingContext } from "./citing.ts";
import { heal } from "./heal.ts";
import { readInline, type Token, type Tokens } from "./lexer.ts";
import { decodeEntities, safeAddress } from "./links.ts";
import { pieces } from "./pieces.ts";

/** `open`: it still grows at its end. */
export const Leaf = memo(function Leaf({ text, open }: { text: string; open: boolean }) {
  const before = useRef<readonly string[]>([]);
  const all = useMemo(() => (before.current = pieces(text, before.current)), [text]);
  return all.map((piece, place) => <Piece key={place} text={piece} open={open && place === all.length - 1} />);
});

const Piece = memo(function Piece({ text, open }: { text: string; open: boolean }) {
  const tokens = useMemo(() => readInline(open ? heal(text) : text), [text, open]);
  return <Inline tokens={tokens} open={open} />;
});

function Inline({ tokens, open }: { tokens: Token[]; open: boolean }): ReactNode {
  return tokens.map((token, place) => <Fragment key={place}>{element(token, open && place === tokens.length - 1)}</Fragment>);
}

function element(token: Token, open: boolean): ReactNode {
  switch (token.type) {
    case "text":
      return decodeEntities(token.text);
    case "escape":
      return token.text;
    case "strong":
      return <strong><Inline tokens={token.tokens!} open={open} /></strong>;
    case "em":
      return <em><Inline tokens={token.tokens!} open={open} /></em>;
    case "del":
      return <del><Inline tokens={token.tokens!} open={open} /></del>;
    case "codespan":
      return <code dir="ltr">{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link token={token as Tokens.Link} open={open} />;
    case "image":
      return <Image token={token as Tokens.Image} />;
    case "cite":
      return <Cite raw={token.raw} numbers={(token as unknown as { numbers: number[] }).numbers} />;
    default:
      return token.raw;
  }
}

function Link({ token, open }: { token: Tokens.Link; open: boolean }) {
  const inside = <Inline tokens={token.tokens} open={false} />;
  // An address written out grows with the text and leads nowhere until it is whole.
  const isGrowing = open && token.raw === token.text;
  const address = isGrowing ? null : safeAddress(token.href);
  return address === null ? inside : <Away address={address}>{inside}</Away>;
}

/** Pictures are not fetched: that would tell another host who reads what. They are links. */
function Image({ token }: { token: Tokens.Image }) {
  const words = useWords();
  const address = safeAddress(token.href);
  const text = decodeEntities(token.text) || words.markdown.image;
  return address === null ? text : <Away address={address} picture>{text}</Away>;
}

function Away({ address, picture, children }: { address: string; picture?: boolean; children: ReactNode }) {
  return (
    <a href={address} target="_blank" rel="noopener noreferrer nofollow" className={picture ? "picture" : undefined}>
      {children}
    </a>
  );
}

function Cite({ raw, numbers }: { raw: string; numbers: number[] }) {
  const citing = useContext(CitingContext);
  if (!citing || !numbers.some((number) => citing.known.has(number))) return raw;
  return numbers.map((number) =>
    citing.known.has(number) ? (
      <button
        key={number}
        type="button"
        className="footnote"
        aria-label={citing.label(number)}
        onClick={(event) => citing.open(number, event.currentTarget)}
      >
        {number}
      </button>
    ) : (
      `[${number}]`
    ),
  );
}
