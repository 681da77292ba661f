import { test } from 'node:test';
import assert from 'node:assert/strict';
import { read_inline, read_markdown } from './markdown';

const text = (words: string) => ({ kind: 'text', text: words });

test('paragraphs, headings and lists are told apart', () => {
  assert.deepEqual(
    read_markdown('## Who lives here\nAntelope\nand ass.\n\n- wool\n- hoof\n1. one'),
    [
      { kind: 'heading', level: 2, inner: [text('Who lives here')] },
      { kind: 'paragraph', inner: [text('Antelope\nand ass.')] },
      { kind: 'list', ordered: false, items: [[text('wool')], [text('hoof')]] },
      { kind: 'list', ordered: true, items: [[text('one')]] }
    ]
  );
});

test('emphasis needs no spaces around it, as Chinese has none', () => {
  assert.deepEqual(read_inline('高原上的**藏羚羊**和*牦牛*'), [
    text('高原上的'),
    { kind: 'strong', inner: [text('藏羚羊')] },
    text('和'),
    { kind: 'em', inner: [text('牦牛')] }
  ]);
  assert.deepEqual(read_inline('*a **b** c*'), [
    { kind: 'em', inner: [text('a '), { kind: 'strong', inner: [text('b')] }, text(' c')] }
  ]);
});

test('what is not closed, and a sum, stay as they are written', () => {
  assert.deepEqual(read_inline('2 * 3 * 4 and **open'), [text('2 * 3 * 4 and **open')]);
  assert.deepEqual(read_inline('\\*no\\*'), [text('*no*')]);
});

test('a link leads to the web or into this window, never into a script', () => {
  assert.deepEqual(read_inline('[here](https://a.example/b)'), [
    { kind: 'link', href: 'https://a.example/b', inner: [text('here')] }
  ]);
  assert.equal(read_inline('[w](/works/1)')[0]?.kind, 'link');
  for (const bad of ['javascript:alert`1`', 'data:text/html,x', '//evil.example', '/\\evil'])
    assert.deepEqual(read_inline(`[x](${bad})`), [text(`[x](${bad})`)]);
});

test('HTML is text', () => {
  assert.deepEqual(read_markdown('<img src=x onerror=alert(1)>'), [
    { kind: 'paragraph', inner: [text('<img src=x onerror=alert(1)>')] }
  ]);
});

test('a text made to be slow is read all the same', () => {
  for (const piece of ['*', '**a', '[', '[a](', '*a '])
    assert.ok(read_markdown(piece.repeat(40_000)).length > 0, piece);
});
