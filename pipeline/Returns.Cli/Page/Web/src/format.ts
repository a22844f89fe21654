// How numbers, times and symbols read.

const whole = new Intl.NumberFormat('en-GB');
const cents = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const tenths = new Intl.NumberFormat('en-GB', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const none = '–';

const minus = (text: string): string => text.replace('-', '−');

export const count = (n: number): string => whole.format(n);

export const percent = (share: number | null): string => (share === null ? none : minus(tenths.format(share)));

/** An amount, from its digits: no digit is lost on the way. */
export const money = (digits: string | null): string => (digits === null ? none : minus(cents.format(digits as `${number}`)));

/** A symbol of the events, in words: `return_to_vendor`. */
export const words = (symbol: string): string => symbol.replaceAll(/[_-]/g, ' ');

/** A moment of event time, to the minute, in UTC. */
export const minute = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');

export const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

/** A moment of this machine's clock. */
export const time = (at: Date): string => clock.format(at);

/** A duration in its two largest units. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return none;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}
