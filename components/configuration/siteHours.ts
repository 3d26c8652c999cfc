import { z } from 'zod';

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 09:00');
const timezone = z
  .string()
  .max(60)
  .refine((name) => Intl.supportedValuesOf('timeZone').includes(name) || name === 'UTC', 'a time zone such as Europe/Berlin');

/** When a simulated site is up: always, or from one time of day to another on some days of the week. */
export const siteHours = z.union(
  [
    z.literal('always'),
    z
      .strictObject({
        timezone: timezone.default('Europe/Berlin'),
        days: z
          .string()
          .regex(/^[1-7](-[1-7])?$/, 'days of the week, 1 is Monday, such as 1-5')
          .default('1-5'),
        from: time,
        to: time,
      })
      .refine(({ days }) => days.length === 1 || Number(days[0]) <= Number(days[2]), 'days in their order, such as 1-5')
      .refine(({ from, to }) => from < to, 'a time "from" that is earlier than "to"'),
  ],
  '"always", or {timezone, days, from, to} such as {"timezone":"Europe/Berlin","days":"1-5","from":"09:00","to":"11:00"}',
);
export type SiteHours = z.output<typeof siteHours>;

/** One replica while a clock says so, none otherwise: the metadata of the platform's cron scaler. */
export interface CronScale {
  readonly timezone: string;
  readonly start: string;
  readonly end: string;
  readonly desiredReplicas: string;
}

const cronTime = (time: string, days: string) => `${Number(time.slice(3))} ${Number(time.slice(0, 2))} * * ${days}`;

/** The hours as the platform's scaler takes them; undefined where the site is always up. Cron counts Sunday as 0. */
export function cronScale(hours: SiteHours): CronScale | undefined {
  if (hours === 'always') return undefined;
  const days =
    hours.days.length === 1
      ? String(Number(hours.days) % 7)
      : hours.days.endsWith('7')
        ? daysOf(hours.days)
            .map((day) => day % 7)
            .join(',')
        : hours.days;
  return { timezone: hours.timezone, start: cronTime(hours.from, days), end: cronTime(hours.to, days), desiredReplicas: '1' };
}
/** The same for a query: days with Sunday as 0, and minutes since midnight. */
export function openMinutes({ days, from, to }: Exclude<SiteHours, 'always'>): {
  readonly days: readonly number[];
  readonly from: number;
  readonly to: number;
} {
  const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  return { days: daysOf(days).map((day) => day % 7), from: minutes(from), to: minutes(to) };
}
const daysOf = (days: string): number[] =>
  Array.from({ length: Number(days.at(-1)) - Number(days[0]) + 1 }, (_, index) => Number(days[0]) + index);

/** Minute of the day from which a silence within the hours of a site counts: once it could have been long enough, and early enough to be asked about. */
export function silenceCountsFrom(hours: Exclude<SiteHours, 'always'>, silentMinutes: number, evaluationMinutes: number): number {
  const { from, to } = openMinutes(hours);
  return Math.min(from + silentMinutes, Math.max(Math.ceil((from + to) / 2), to - evaluationMinutes));
}

const hoursPerWeek = 24 * 7;
/** Hours of a month in which a cron scaler keeps its replica; all of them where the expression is another than ours. */
export function cronHoursPerMonth(scale: Pick<CronScale, 'start' | 'end'>, hoursPerMonth: number): number {
  const parts = (text: string) => /^(\d{1,2}) (\d{1,2}) \* \* (\d(?:-\d|(?:,\d)*))$/.exec(text)?.slice(1) ?? [];
  const [startMinute, startHour, days] = parts(scale.start);
  const [endMinute, endHour, endDays] = parts(scale.end);
  if (days === undefined || days !== endDays) return hoursPerMonth;
  const perDay = Number(endHour) + Number(endMinute) / 60 - Number(startHour) - Number(startMinute) / 60;
  const perWeek = days.includes('-') ? Number(days[2]) - Number(days[0]) + 1 : days.split(',').length;
  return perDay > 0 ? Math.min(hoursPerMonth, (perDay * perWeek * hoursPerMonth) / hoursPerWeek) : hoursPerMonth;
}
