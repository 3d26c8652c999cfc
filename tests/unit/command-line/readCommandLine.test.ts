import { actionOf, anyText, defineCommand, flag, oneOfWords, option, repeated } from '../../../command-line/command';
import { helpText, readCommandLine } from '../../../command-line/readCommandLine';
import { UsageError } from '../../../command-line/usageError';
import { commandOf, commandScripts } from '../../support/commands';

const command = defineCommand({
  script: 'pack',
  usage: ['<add|drop> [<item>] --into <box> [options]'],
  summary: 'Packs.',
  arguments: { action: actionOf(['add', 'drop']), item: anyText },
  options: {
    into: option('box', 'where it goes', { required: () => ['a', 'b'], short: 'i' }),
    size: option('size', 'how large', { parse: oneOfWords(['small', 'large']), otherwise: 'small' }),
    label: repeated('text', 'what stands on it'),
    'by-air': flag('how it travels'),
  },
  exits: { 0: 'done' },
  check: (given) => {
    if (given['by-air'] && given.size === 'large') throw new UsageError('--by-air: goes with small boxes.');
    return given;
  },
  run: async () => undefined,
});
const read = (...args: string[]) => readCommandLine(command, args);

describe('a command line', () => {
  it('becomes what the command declares', () => {
    expect(read('add', '-i', 'a', '--label', 'x', '--label=-y', '--by-air', 'shoes')).toEqual({
      action: 'add',
      item: 'shoes',
      into: 'a',
      size: 'small',
      label: ['x', '-y'],
      'by-air': true,
    });
    expect(read('drop', '--into', 'a', '--into', 'b', '--size', 'large')).toEqual({
      action: 'drop',
      item: undefined,
      into: 'b',
      size: 'large',
      label: [],
      'by-air': false,
    });
    expect([read('--help'), read('add', '-h')]).toEqual(['help', 'help']);
  });

  const help = 'See "npm run pack -- --help".';
  const usage = `Usage: npm run pack -- <add|drop> [<item>] --into <box> [options]. ${help}`;
  it.each([
    [['move', '--into', 'a'], `expected add or drop, got move. ${usage}`],
    [['add'], `expected --into <box>, one of a, b. ${usage}`],
    [['add', 'a', 'b', '--into', 'c'], `unexpected "b". ${usage}`],
    [['add', '--int', 'a'], `unknown option '--int'; did you mean --into. ${usage}`],
    [['add', '--into'], `--into: expected <box>, got nothing. ${usage}`],
    [['add', '-i'], `--into: expected <box>, got nothing. ${usage}`],
    [
      ['add', '--into', '--by-air'],
      `--into: expected <box>, got "--by-air"; a value that begins with a dash is given as --into=--by-air. ${usage}`,
    ],
    [['add', '--into', 'a', '--size', 'huge'], `--size huge: expected small or large. ${help}`],
    [['add', '--into', 'a', '--size', 'large', '--by-air'], `--by-air: goes with small boxes. ${help}`],
  ])('that is wrong is answered with what was expected, what came and the usage, in one line: %j', (args, message) => {
    expect(() => read(...args)).toThrow(new UsageError(message));
  });
});

describe.each(commandScripts)('npm run %s', (script) => {
  it('explains itself within 80 columns', async () => {
    const declared = await commandOf(script);
    const text = helpText(declared);
    expect(declared.script).toBe(script);
    expect(readCommandLine(declared, ['--help'])).toBe('help');
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    for (const name of Object.keys(declared.options)) expect(text).toContain(`--${name}`);
    expect(text).toMatch(/^ *130 +interrupted$/m);
  });

  it('takes the stack by its short name too, and nothing else by it', async () => {
    const { options } = await commandOf(script);
    const named = Object.keys(options).filter((name) => options[name]?.short === 's');
    expect(named).toEqual('stack' in options ? ['stack'] : []);
  });
});

it.each(commandScripts.filter((script) => script !== 'pulumi:local'))(
  'npm run %s refuses in one line what it does not know',
  async (script) => {
    const declared = await commandOf(script);
    expect(() => readCommandLine(declared, ['--bogus'])).toThrow(/^unknown option '--bogus'\. Usage: npm [^\n]+ --help"\.$/);
  },
);

it('npm run pulumi:local asks for arguments as every command does', async () => {
  const declared = await commandOf('pulumi:local');
  expect(() => readCommandLine(declared, [])).toThrow(
    new UsageError(
      'expected <arguments of pulumi>, got nothing. Usage: npm run pulumi:local -- <arguments of pulumi>. See "npm run pulumi:local -- --help".',
    ),
  );
});

it('npm run pulumi:local passes on what it does not know', async () => {
  expect(readCommandLine(await commandOf('pulumi:local'), ['stack', '--help', '--bogus'])).toEqual(['stack', '--help', '--bogus']);
});
