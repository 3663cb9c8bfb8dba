/** Formats that the emulation can be told to use; each is a .NET custom date and time format as `/cluster/info/dateTimeFormat` answers it. */
export const DATE_FORMATS = ['M/d/yyyy h:mm:ss tt', 'dd.MM.yyyy HH:mm:ss', 'yyyy-MM-dd HH:mm:ss'] as const;

/** The format of a head node's dates. */
export type DateFormat = (typeof DATE_FORMATS)[number];

/** The time in UTC, without saying so, cut to seconds (the portal appends " UTC" before it parses). */
export function printDate(time: number, format: DateFormat): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  const [hours, minutes, seconds] = [date.getUTCHours(), two(date.getUTCMinutes()), two(date.getUTCSeconds())];
  switch (format) {
    case 'M/d/yyyy h:mm:ss tt':
      return `${month}/${day}/${year} ${hours % 12 || 12}:${minutes}:${seconds} ${hours < 12 ? 'AM' : 'PM'}`;
    case 'dd.MM.yyyy HH:mm:ss':
      return `${two(day)}.${two(month)}.${year} ${two(hours)}:${minutes}:${seconds}`;
    case 'yyyy-MM-dd HH:mm:ss':
      return `${year}-${two(month)}-${two(day)} ${two(hours)}:${minutes}:${seconds}`;
  }
}

/** Reads what {@link printDate} wrote; null where it is in any other format. */
export function readDate(text: string, format: DateFormat): number | null {
  const numbers = text.match(/\d+/g)?.map(Number) ?? [];
  const [a = 0, b = 0, c = 0, hours = 0, minutes = 0, seconds = 0] = numbers;
  const isAfternoon = text.endsWith('PM');
  const time = {
    'M/d/yyyy h:mm:ss tt': () => Date.UTC(c, a - 1, b, (hours % 12) + (isAfternoon ? 12 : 0), minutes, seconds),
    'dd.MM.yyyy HH:mm:ss': () => Date.UTC(c, b - 1, a, hours, minutes, seconds),
    'yyyy-MM-dd HH:mm:ss': () => Date.UTC(a, b - 1, c, hours, minutes, seconds),
  }[format]();
  return !Number.isNaN(time) && printDate(time, format) === text ? time : null;
}
