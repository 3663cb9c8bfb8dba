import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DateFormat } from './DateFormat.js';

const PATTERNS = ['M/d/yyyy h:mm:ss tt', 'dd.MM.yyyy HH:mm:ss', 'yyyy-MM-dd HH:mm:ss', "d/M/yyyy 'at' H:m:s"];

function format(pattern: string): DateFormat {
  const found = DateFormat.of(pattern);
  if (found === null) throw new Error(`${pattern} is not understood`);
  return found;
}

describe('Dates of the head node', () => {
  it('are UTC in its own format', () => {
    const time = Date.UTC(2026, 8, 5, 21, 31, 8);
    expect(PATTERNS.map((pattern) => format(pattern).print(time))).toEqual([
      '9/5/2026 9:31:08 PM',
      '05.09.2026 21:31:08',
      '2026-09-05 21:31:08',
      '5/9/2026 at 21:31:8',
    ]);
  });

  it('are noon and midnight at 12 where hours count to 12', () => {
    const american = format('M/d/yyyy h:mm:ss tt');
    const times = [Date.UTC(2026, 0, 1, 0, 0, 0), Date.UTC(2026, 0, 1, 12, 0, 0)];
    expect(times.map((time) => american.print(time))).toEqual(['1/1/2026 12:00:00 AM', '1/1/2026 12:00:00 PM']);
    expect(times.map((time) => american.read(american.print(time)))).toEqual(times);
  });

  it('are read back as they were written, to the second', () => {
    const seconds = fc.integer({ min: 0, max: 4_000_000_000 });
    fc.assert(
      fc.property(seconds, fc.constantFrom(...PATTERNS), (second, pattern) => {
        const dates = format(pattern);
        expect(dates.read(dates.print(second * 1000 + 999))).toBe(second * 1000);
      }),
    );
  });

  it('are read as ISO 8601 too, whatever the format', () => {
    const american = format('M/d/yyyy h:mm:ss tt');
    expect(american.read('2026-09-05T21:31:08Z')).toBe(Date.UTC(2026, 8, 5, 21, 31, 8));
    expect(american.read('2026-09-05 21:31:08')).toBe(Date.UTC(2026, 8, 5, 21, 31, 8));
  });

  it('are none where the text is empty, something else, or the smallest date of .NET', () => {
    const american = format('M/d/yyyy h:mm:ss tt');
    expect(['', 'never', '1/1/0001 12:00:00 AM', '5.9.2026'].map((text) => american.read(text))).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('have no format with names of days or months', () => {
    expect(DateFormat.of('dddd, d MMMM yyyy')).toBe(null);
  });
});
