import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparePositions, LOG_START, parseCursor, printCursor } from './LogPosition.js';

const EPOCH = '0123456789abcdef';

const epoch = fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: 8, maxLength: 32 });
const position = fc.record(
  { sequence: fc.integer({ min: 1, max: 999_999_999_999_999 }), offset: fc.integer({ min: 0, max: 9_999_999_999 }) },
  { noNullPrototype: true },
);

/** The text of a cursor of which this is the plain content. */
function cursorOf(plain: string): string {
  return Buffer.from(plain, 'latin1').toString('base64url');
}

describe('A cursor', () => {
  test('is read as it was printed', () => {
    fc.assert(
      fc.property(epoch, position, (given, place) => {
        expect(parseCursor(given, printCursor(given, place))).toStrictEqual({ kind: 'POSITION', position: place });
      }),
    );
  });

  test('has a text that stays the same for ever', () => {
    expect(printCursor(EPOCH, LOG_START)).toBe('MDEyMzQ1Njc4OWFiY2RlZi4xLjA');
    expect(parseCursor(EPOCH, 'MDEyMzQ1Njc4OWFiY2RlZi4xLjA')).toStrictEqual({ kind: 'POSITION', position: LOG_START });
  });

  test('of another epoch belongs to another log', () => {
    fc.assert(
      fc.property(epoch, position, (other, place) => {
        fc.pre(other !== EPOCH);
        expect(parseCursor(EPOCH, printCursor(other, place))).toStrictEqual({ kind: 'OTHER_LOG' });
      }),
    );
  });

  test.each([
    ['the empty text', ''],
    ['plain text', `${EPOCH}.1.0`],
    ['a list cursor', cursorOf('42')],
    ['a sequence of zero', cursorOf(`${EPOCH}.0.0`)],
    ['a negative sequence', cursorOf(`${EPOCH}.-1.0`)],
    ['a sequence with a leading zero', cursorOf(`${EPOCH}.01.0`)],
    ['an offset with a leading zero', cursorOf(`${EPOCH}.1.00`)],
    ['a negative offset', cursorOf(`${EPOCH}.1.-1`)],
    ['a sequence that no number holds exactly', cursorOf(`${EPOCH}.9999999999999999.0`)],
    ['an offset beyond any range', cursorOf(`${EPOCH}.1.99999999999`)],
    ['two parts', cursorOf(`${EPOCH}.1`)],
    ['four parts', cursorOf(`${EPOCH}.1.0.0`)],
    ['an epoch that is too short', cursorOf('abc.1.0')],
    ['an epoch that is too long', cursorOf(`${'a'.repeat(33)}.1.0`)],
    ['an epoch in capitals', cursorOf(`${EPOCH.toUpperCase()}.1.0`)],
    ['no epoch', cursorOf('.1.0')],
    ['a line end behind', cursorOf(`${EPOCH}.1.0\n`)],
    ['a space before', ` ${cursorOf(`${EPOCH}.1.0`)}`],
    ['padding', `${cursorOf(`${EPOCH}.10.0`)}=`],
    ['a character that base64 does not have', `${cursorOf(`${EPOCH}.1.0`)}!`],
    ['bits left over', 'MDEyMzQ1Njc4OWFiY2RlZi4xLjB'],
    ['something that is not text', '\0\uffff🛑'],
  ])('is not %s', (_name, text) => {
    expect(parseCursor(EPOCH, text)).toStrictEqual({ kind: 'MALFORMED' });
  });

  test('is read or refused, never thrown over, whatever the text', () => {
    const text = fc.oneof(fc.string(), fc.base64String(), fc.string().map(cursorOf));
    fc.assert(
      fc.property(text, (given) => {
        const parsed = parseCursor(EPOCH, given);
        if (parsed.kind === 'POSITION') expect(printCursor(EPOCH, parsed.position)).toBe(given);
      }),
    );
  });
});

describe('Positions', () => {
  test('are ordered by sequence, then by offset', () => {
    const places = [
      { sequence: 10, offset: 0 },
      { sequence: 2, offset: 9 },
      { sequence: 2, offset: 10 },
      LOG_START,
      { sequence: 2, offset: 0 },
    ];
    expect([...places].sort(comparePositions).map(({ sequence, offset }) => `${sequence}.${offset}`)).toStrictEqual([
      '1.0',
      '2.0',
      '2.9',
      '2.10',
      '10.0',
    ]);
    expect(comparePositions({ sequence: 3, offset: 4 }, { sequence: 3, offset: 4 })).toBe(0);
  });
});
