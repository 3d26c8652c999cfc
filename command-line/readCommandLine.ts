import { Command as Program, CommanderError, Option as ProgramOption } from 'commander';
import { missingOption, type Command, type Option } from './command';
import { formatHelp } from './helpText';
import { UsageError } from './usageError';

/** How the command is called, as a person types it. */
const calledAs = (script: string) => (script === 'start' ? 'npm start' : `npm run ${script}`);
const usageLines = ({ script, usage }: Pick<Command, 'script' | 'usage'>) =>
  usage.map((rest) => (rest === '' ? calledAs(script) : `${calledAs(script)} -- ${rest}`));

const collect = (value: string, before: readonly string[] | undefined) => [...(before ?? []), value];

function programOf<R>(command: Command<R>): Program {
  const program = new Program(calledAs(command.script))
    .helpOption('-h, --help', 'this text')
    .exitOverride()
    .allowExcessArguments()
    .argument('[arguments...]')
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined, outputError: () => undefined })
    .configureHelp({ helpWidth: 80, formatHelp: (_, helper) => formatHelp(command, usageLines(command), helper) });
  for (const [name, { short, placeholder, description }] of Object.entries(command.options)) {
    const flags = `${short === undefined ? '' : `-${short}, `}--${name}${placeholder === undefined ? '' : ` <${placeholder}>`}`;
    const declared = new ProgramOption(flags, description);
    program.addOption(placeholder === undefined ? declared : declared.argParser(collect));
  }
  return program;
}
export const helpText = <R>(command: Command<R>): string => programOf(command).helpInformation();

/** Commander would take the next option for the value that is missing. */
function refuseMissingValues<R>(command: Command<R>, args: readonly string[]): void {
  const end = args.indexOf('--');
  for (const [index, given] of args.slice(0, end < 0 ? undefined : end).entries()) {
    const known = Object.entries(command.options).find(([name, { short }]) => given === `--${name}` || given === `-${short ?? ''}`);
    if (known?.[1].placeholder === undefined) continue;
    const [name, { placeholder }] = known;
    const value = args[index + 1];
    if (value === undefined) throw new UsageError(`--${name}: expected <${placeholder}>, got nothing`);
    if (/^-./.test(value))
      throw new UsageError(
        `--${name}: expected <${placeholder}>, got "${value}"; a value that begins with a dash is given as --${name}=${value}`,
      );
  }
}

/** Texts by option that was given, and the arguments without a name. */
function parse<R>(command: Command<R>, args: readonly string[]) {
  const program = programOf(command);
  refuseMissingValues(command, args);
  program.parse(args, { from: 'user' });
  const texts = new Map<string, readonly string[]>();
  for (const declared of program.options) {
    const value: unknown = program.getOptionValue(declared.attributeName());
    if (value !== undefined) texts.set(declared.name(), Array.isArray(value) ? (value as string[]) : ['']);
  }
  return { texts, positionals: program.args };
}

/** What a value's reader expects is said after the option and the value. */
function readValue(name: string, given: readonly string[], declared: Option<unknown> | undefined): unknown {
  try {
    return declared?.read(given);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`--${name} ${(given.at(-1) ?? '').slice(0, 200)}: ${error.message}`) : error;
  }
}

const sentence = (message: string) => message.replace(/[.?]*$/, '.');

/** Throws UsageError; where the command is called in another way than it can be, with how it can. */
function interpret<R>(command: Command<R>, args: readonly string[]): R | 'help' {
  const misused = (message: string) => new UsageError(`${sentence(message)} Usage: ${usageLines(command).join(' or ')}.`);
  let texts: ReadonlyMap<string, readonly string[]>;
  const values: Record<string, unknown> = {};
  try {
    if (command.passesOn) return ['--help', '-h'].includes(args[0] ?? '') ? 'help' : command.passesOn(args);
    const given = parse(command, args);
    texts = given.texts;
    const positionals = Object.entries(command.arguments);
    const excess = given.positionals[positionals.length];
    if (excess !== undefined) throw new UsageError(`unexpected "${excess}"`);
    positionals.forEach(([name, { read }], index) => (values[name] = read(given.positionals[index])));
    for (const [name, { read, required, placeholder = '' }] of Object.entries(command.options)) {
      if (texts.has(name)) continue;
      if (required) throw missingOption(name, placeholder, required());
      values[name] = read([]);
    }
  } catch (error) {
    if (error instanceof UsageError) throw misused(error.message);
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return 'help';
    throw misused(error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/s, '; did you mean $1?'));
  }
  for (const [name, given] of texts) values[name] = readValue(name, given, command.options[name]);
  return command.check(values as never);
}

/** What a command is asked for. Throws UsageError with one line that says what is wrong and where help is. */
export function readCommandLine<R>(command: Command<R>, args: readonly string[]): R | 'help' {
  try {
    return interpret(command, args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${sentence(error.message)} See "${calledAs(command.script)} -- --help".`);
  }
}
