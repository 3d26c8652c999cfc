import type { Terminal } from './terminal';
import { UsageError } from './usageError';

/** An option of a command: `--name`, or `--name <placeholder>` where it has a value. */
export interface Option<T> {
  readonly description: string;
  readonly placeholder?: string;
  readonly short?: string;
  /** Where it must be given: the values that it can have, as far as they are known. */
  readonly required?: () => readonly string[];
  /** Reads what was given for it, nothing or a text each time. Throws UsageError that says what was expected. */
  read(given: readonly string[]): T;
}
/** An argument without a name; which one it is, its position says. */
interface Argument<T> {
  /** Throws UsageError that says what was expected. */
  read(given: string | undefined): T;
}

type Values<D> = { readonly [K in keyof D]: D[K] extends { read(given: never): infer T } ? T : never };
export type Given<A, O> = Values<A> & Values<O>;
export type Rows = readonly (readonly [term: string, description: string])[];

interface CommandContext {
  /** What people read: standard output, or standard error where `--json` keeps the output for JSON. */
  readonly terminal: Terminal;
}

/** A script of package.json as the person who calls it sees it. `options` are what its work is given. */
export interface Command<R = unknown> {
  readonly script: string;
  /** What may follow the script's name; a line each. */
  readonly usage: readonly string[];
  readonly summary: string;
  /** What its first argument can be. */
  readonly actions?: Rows;
  readonly arguments: Readonly<Record<string, Argument<unknown>>>;
  readonly options: Readonly<Record<string, Option<unknown>>>;
  /** Where all arguments go to another program as they are: what the work is given of them. */
  passesOn?(args: readonly string[]): R;
  readonly notes?: string;
  readonly examples: readonly string[];
  /** By exit status; 2, wrong usage, and 130, interrupted, every command has. */
  readonly exits: Readonly<Record<number, string>>;
  /** What one option means for another. Throws UsageError. */
  check(given: never): R;
  /** Resolves with the exit status; without one all is well. */
  run(options: R, context: CommandContext): Promise<number | void>;
  /** What a person can mend of an error that is no UsageError, in one line. */
  explain?(error: Error): string | undefined;
}

export function defineCommand<
  A extends Readonly<Record<string, Argument<unknown>>> = Readonly<Record<never, never>>,
  O extends Readonly<Record<string, Option<unknown>>> = Readonly<Record<never, never>>,
  R = Given<A, O>,
>(
  definition: Pick<Command, 'script' | 'usage' | 'summary' | 'actions' | 'notes' | 'exits' | 'explain'> & {
    readonly arguments?: A;
    readonly options?: O;
    passesOn?(args: readonly string[]): R;
    readonly examples?: readonly string[];
    check?(given: Given<A, O>): R;
    run(options: R, context: CommandContext): Promise<number | void>;
  },
): Command<R> {
  return {
    arguments: {},
    options: {},
    examples: [],
    check: (given: Given<A, O>) => given as unknown as R,
    ...definition,
  };
}

export const flag = (description: string): Option<boolean> => ({ description, read: (given) => given.length > 0 });

/** How the value of an option is read, and what it is without one: undefined, another value, or, where it is required, a mistake. */
interface Reading {
  readonly parse?: (text: string) => unknown;
  readonly short?: string;
  readonly otherwise?: unknown;
  readonly required?: () => readonly string[];
}
type Read<R> =
  | (R extends { parse: (text: string) => infer T } ? T : string)
  | (R extends { otherwise: unknown } | { required: unknown } ? never : undefined);

/** An option with a value. The last one counts where it is given twice. */
export const option = <const R extends Reading = Record<never, never>>(
  placeholder: string,
  description: string,
  reading?: R,
): Option<Read<R>> => {
  const { parse, required, otherwise, short }: Reading = reading ?? {};
  return {
    placeholder,
    description,
    ...(short === undefined ? {} : { short }),
    ...(required === undefined ? {} : { required }),
    read: (given) => {
      const text = given.at(-1);
      if (text !== undefined) return (parse ? parse(text) : text) as Read<R>;
      return otherwise as Read<R>;
    },
  };
};
/** What is said of an option that is needed and was not given. */
export const missingOption = (name: string, placeholder: string, known: readonly string[] = []): UsageError =>
  new UsageError(`expected --${name} <${placeholder}>${known.length === 0 ? '' : `, one of ${known.join(', ')}`}.`);
/** An option that is given once for each value. */
export const repeated = (placeholder: string, description: string): Option<readonly string[]> => ({
  placeholder,
  description,
  read: (given) => given,
});

const choice = new Intl.ListFormat('en-GB', { type: 'disjunction' });
/** A value that is one of a few words. */
export const oneOfWords =
  <const W extends string>(words: readonly W[]) =>
  (text: string): W => {
    const word = words.find((known) => known === text);
    if (word === undefined) throw new UsageError(`expected ${choice.format(words)}.`);
    return word;
  };
/** An argument that says which of a command's actions is meant. */
export const actionOf = <const W extends string>(words: readonly W[]): Argument<W> => ({
  read: (given) => {
    const word = words.find((known) => known === given);
    if (word === undefined) throw new UsageError(`expected ${choice.format(words)}, got ${given ?? 'nothing'}`);
    return word;
  },
});
/** An argument that may be missing. */
export const anyText: Argument<string | undefined> = { read: (given) => given };
