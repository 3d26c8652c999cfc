import { UsageError } from '../../command-line/usageError';

/** A whole number within limits, in plain digits. */
export const wholeNumber =
  (what: string, from: number, to: number) =>
  (text: string): number => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (!(number >= from && number <= to)) throw new UsageError(`expected ${what} from ${from} to ${to}.`);
    return number;
  };
