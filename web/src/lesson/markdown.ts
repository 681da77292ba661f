// The small Markdown of pages: paragraphs, ## headings, lists, **strong**, *em* and
// [links](https://…). It is read into a tree and drawn as elements; HTML in it stays text.

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'strong'; inner: Inline[] }
  | { kind: 'em'; inner: Inline[] }
  | { kind: 'link'; href: string; inner: Inline[] };
export type Part =
  | { kind: 'heading'; level: 2 | 3; inner: Inline[] }
  | { kind: 'paragraph'; inner: Inline[] }
  | { kind: 'list'; ordered: boolean; items: Inline[][] };

const kDepth_max = 6;
// A longer text in brackets is none of a link: bounds the work for a text full of brackets.
const kLink_max = 1000;

/** Web addresses and paths of this window; nothing that would run. */
function safe_href(text: string): string | undefined {
  if (/^https?:\/\/\S+$/i.test(text) || /^\/(?![/\\])\S*$/.test(text)) return text;
  return undefined;
}

export function read_inline(text: string, depth = 0): Inline[] {
  const parts: Inline[] = [];
  let plain = '';
  const unclosed = new Set<string>();
  const flush = () => {
    if (plain) parts.push({ kind: 'text', text: plain });
    plain = '';
  };
  const emphasis = (at: number, mark: '**' | '*'): number => {
    const start = at + mark.length;
    if (unclosed.has(mark) || depth >= kDepth_max || !/\S/.test(text[start] ?? ' ')) return 0;
    let end = text.indexOf(mark, start);
    // The star of a strong part inside is none of ours.
    while (mark === '*' && end >= 0 && text[end + 1] === '*') {
      const closing = text.indexOf('**', end + 2);
      end = closing < 0 ? -1 : text.indexOf(mark, closing + 2);
    }
    if (end < 0) unclosed.add(mark);
    if (end <= start || /\s/.test(text[end - 1]!)) return 0;
    flush();
    const inner = read_inline(text.slice(start, end), depth + 1);
    parts.push({ kind: mark === '**' ? 'strong' : 'em', inner });
    return end + mark.length;
  };
  const link = (at: number): number => {
    if (depth >= kDepth_max) return 0;
    const found = /^\[([^\][]+)\]\(([^()\s]+)\)/.exec(text.slice(at, at + kLink_max));
    const href = found && safe_href(found[2]!);
    if (!found || !href) return 0;
    flush();
    parts.push({ kind: 'link', href, inner: read_inline(found[1]!, depth + 1) });
    return at + found[0].length;
  };
  for (let i = 0; i < text.length;) {
    const c = text[i]!;
    if (c === '\\' && /[*[\]\\#-]/.test(text[i + 1] ?? '')) {
      plain += text[i + 1];
      i += 2;
      continue;
    }
    let next = 0;
    if (c === '*') next = text[i + 1] === '*' ? emphasis(i, '**') : emphasis(i, '*');
    else if (c === '[') next = link(i);
    if (next > 0) {
      i = next;
      continue;
    }
    const taken = c === '*' && text[i + 1] === '*' ? '**' : c;
    plain += taken;
    i += taken.length;
  }
  flush();
  return parts;
}

export function read_markdown(text: string): Part[] {
  const parts: Part[] = [];
  let lines: string[] = [];
  const flush = () => {
    if (lines.length) parts.push({ kind: 'paragraph', inner: read_inline(lines.join('\n')) });
    lines = [];
  };
  for (const line of text.replace(/\r\n?/g, '\n').split('\n')) {
    const heading = /^(#{1,3}) +(\S.*)$/.exec(line);
    const item = /^ {0,3}(?:[-*+]|(\d{1,3})[.)]) +(\S.*)$/.exec(line);
    if (!line.trim()) flush();
    else if (heading) {
      flush();
      const level = heading[1]!.length === 3 ? 3 : 2;
      parts.push({ kind: 'heading', level, inner: read_inline(heading[2]!.trim()) });
    } else if (item) {
      flush();
      const ordered = item[1] !== undefined;
      const last = parts.at(-1);
      const inner = read_inline(item[2]!);
      if (last?.kind === 'list' && last.ordered === ordered) last.items.push(inner);
      else parts.push({ kind: 'list', ordered, items: [inner] });
    } else lines.push(line.trim());
  }
  flush();
  return parts;
}
