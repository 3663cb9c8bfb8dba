/** One part of a format, by its letter repeated or as text that stands for itself. */
type Part = { readonly kind: 'FIELD'; readonly text: string } | { readonly kind: 'TEXT'; readonly text: string };

/** What is read where nothing else was told (`en-US`, general date and long time). */
const DEFAULT_PATTERN = 'M/d/yyyy h:mm:ss tt';

/**
 * The format of the head node's dates, a .NET custom date and time format that `/cluster/info/dateTimeFormat` tells. Dates are in UTC, without
 * saying so, and end at whole seconds.
 */
export class DateFormat {
  readonly #parts: readonly Part[];
  readonly #expression: RegExp;

  private constructor(
    readonly pattern: string,
    parts: readonly Part[],
  ) {
    this.#parts = parts;
    const source = parts.map(({ kind, text }) => (kind === 'TEXT' ? escape(text) : FIELDS[text]?.expression)).join('');
    this.#expression = new RegExp(`^${source}$`);
  }

  /** The format of that pattern; null where it has something that is not understood. */
  static of(pattern: string): DateFormat | null {
    const parts: Part[] = [];
    for (const [token] of pattern.matchAll(/'[^']*'|"[^"]*"|\\.|([A-Za-z])\1*|[^A-Za-z]/g)) {
      if (/^[A-Za-z]/.test(token)) {
        if (FIELDS[token] === undefined) return null;
        parts.push({ kind: 'FIELD', text: token });
      } else parts.push({ kind: 'TEXT', text: token.replace(/^(['"])(.*)\1$|^\\(.)$/, '$2$3') });
    }
    return new DateFormat(pattern, parts);
  }

  /** What applies until the head node was asked. */
  static byDefault(): DateFormat {
    const format = DateFormat.of(DEFAULT_PATTERN);
    if (format === null) throw new Error('The default date format is not understood.');
    return format;
  }

  /** Epoch milliseconds; null where the text is empty, the smallest date of .NET, or no date of this format or ISO 8601. */
  read(text: string): number | null {
    const match = this.#expression.exec(text.trim());
    if (match === null) return readIso(text);
    const fields = { year: 1, month: 1, day: 1, hour: 0, minute: 0, second: 0, isAfternoon: null as boolean | null };
    let index = 0;
    for (const part of this.#parts) {
      if (part.kind === 'TEXT') continue;
      index += 1;
      FIELDS[part.text]?.read(match[index] ?? '', fields);
    }
    const { year, month, day, minute, second, isAfternoon } = fields;
    const hour = isAfternoon === null ? fields.hour : (fields.hour % 12) + (isAfternoon ? 12 : 0);
    return year <= 1 ? null : Date.UTC(year, month - 1, day, hour, minute, second);
  }

  /** The time as the head node writes it, cut to seconds. */
  print(time: number): string {
    const date = new Date(time);
    return this.#parts.map(({ kind, text }) => (kind === 'TEXT' ? text : FIELDS[text]?.print(date))).join('');
  }
}

interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** Null: the hours count to 24. */
  isAfternoon: boolean | null;
}

interface Field {
  readonly expression: string;
  readonly read: (text: string, fields: Fields) => void;
  readonly print: (date: Date) => string;
}

function number(digits: number, key: Exclude<keyof Fields, 'isAfternoon'>, of: (date: Date) => number): Field {
  return {
    expression: digits === 1 ? String.raw`(\d{1,2})` : String.raw`(\d{${digits}})`,
    read: (text, fields) => {
      fields[key] = Number(text);
    },
    print: (date) => String(of(date)).padStart(digits, '0'),
  };
}

const hour12 = (date: Date): number => date.getUTCHours() % 12 || 12;

/** The fields that dates of a head node are made of. Null-prototype: patterns are the head node's text. */
const FIELDS: Readonly<Record<string, Field>> = Object.assign(Object.create(null) as Record<string, Field>, {
  yyyy: number(4, 'year', (date) => date.getUTCFullYear()),
  M: number(1, 'month', (date) => date.getUTCMonth() + 1),
  MM: number(2, 'month', (date) => date.getUTCMonth() + 1),
  d: number(1, 'day', (date) => date.getUTCDate()),
  dd: number(2, 'day', (date) => date.getUTCDate()),
  h: number(1, 'hour', hour12),
  hh: number(2, 'hour', hour12),
  H: number(1, 'hour', (date) => date.getUTCHours()),
  HH: number(2, 'hour', (date) => date.getUTCHours()),
  m: number(1, 'minute', (date) => date.getUTCMinutes()),
  mm: number(2, 'minute', (date) => date.getUTCMinutes()),
  s: number(1, 'second', (date) => date.getUTCSeconds()),
  ss: number(2, 'second', (date) => date.getUTCSeconds()),
  tt: {
    expression: '([AaPp][Mm])',
    read: (text, fields) => {
      fields.isAfternoon = text.toLowerCase() === 'pm';
    },
    print: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  } satisfies Field,
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

function readIso(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d[T ]/.test(text)) return null;
  const time = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text.replace(' ', 'T')}Z`);
  return Number.isNaN(time) || time < 0 ? null : time;
}
