interface Timespan {
  readonly from: number;
  readonly to: number;
}

const durationPattern = /^P(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
function duration(text: string): number | undefined {
  const match = durationPattern.exec(text);
  if (match === null || text.endsWith('P') || text.endsWith('T')) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1_000;
}
const moment = (text: string): number | undefined => (Number.isNaN(Date.parse(text)) ? undefined : Date.parse(text));

/** An ISO 8601 time interval: a duration until now, or two ends of which one may be a duration. */
export function timespan(text: string, now: number): Timespan | undefined {
  const [first = '', second] = text.split('/');
  if (second === undefined) {
    const length = duration(first);
    return length === undefined ? undefined : { from: now - length, to: now };
  }
  const [start, end] = [moment(first), moment(second)];
  const [before, after] = [duration(first), duration(second)];
  if (start !== undefined && end !== undefined) return { from: start, to: end };
  if (start !== undefined && after !== undefined) return { from: start, to: start + after };
  return end !== undefined && before !== undefined ? { from: end - before, to: end } : undefined;
}
