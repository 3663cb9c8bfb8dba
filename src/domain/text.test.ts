import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byteLength, codePoints, quote } from './text.js';

const anyText = fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) });
const wholeText = fc.string({ unit: fc.nat({ max: 0x10ffff }).map((code) => String.fromCodePoint(code)) });

test('A text has as many code points as it has characters, those beyond 16 bits and lone surrogates counted once', () => {
  expect(
    ['', 'cancel', 'élan', '停止', '🛑🛑', '\ud83d', '\ud83d!', 'a\0b', '\uffff\u{10000}'].map(codePoints),
  ).toStrictEqual([0, 6, 4, 2, 2, 1, 2, 3, 2]);
  fc.assert(
    fc.property(fc.oneof(anyText, wholeText), (text) => {
      expect(codePoints(text)).toBe(Array.from(text).length);
    }),
  );
});

test('A text has as many bytes as its UTF-8, in which a lone surrogate is the replacement character', () => {
  expect(
    ['', 'cancel', 'élan', '停止', '🛑', '\ud83d', '\u007f\u0080', '\u07ff\u0800', '\uffff\u{10000}'].map(byteLength),
  ).toStrictEqual([0, 6, 5, 6, 4, 3, 3, 5, 7]);
  fc.assert(
    fc.property(fc.oneof(anyText, wholeText), (text) => {
      expect(byteLength(text)).toBe(new TextEncoder().encode(text).length);
    }),
  );
});

test('A text is quoted whole up to 40 code points, and cut after them without breaking one', () => {
  const stop = '🛑';
  expect([
    quote(''),
    quote('a "b"\n\0'),
    quote('x'.repeat(40)),
    quote('x'.repeat(41)),
    quote(stop.repeat(40)),
    quote(stop.repeat(41)),
    quote(`${'x'.repeat(39)}${stop}y`),
    quote('x'.repeat(10_000_000)),
  ]).toStrictEqual([
    '""',
    '"a \\"b\\"\\n\\u0000"',
    `"${'x'.repeat(40)}"`,
    `"${'x'.repeat(40)}…"`,
    `"${stop.repeat(40)}"`,
    `"${stop.repeat(40)}…"`,
    `"${'x'.repeat(39)}${stop}…"`,
    `"${'x'.repeat(40)}…"`,
  ]);
});
