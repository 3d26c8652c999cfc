import type { Help } from 'commander';
import type { Command, Rows } from './command';
import { interruptedStatus } from './interruption';

const width = 80;
const exitsOfAll = { 2: 'wrong usage', [interruptedStatus]: 'interrupted' };

/** What `--help` prints: usage, what the command does, its actions and options, examples, exit statuses. */
export function formatHelp<R>(command: Command<R>, usage: readonly string[], helper: Help): string {
  const options: Rows = Object.entries(command.options).map(([name, { short, placeholder, description }]) => [
    `${short === undefined ? '' : `-${short}, `}--${name}${placeholder === undefined ? '' : ` <${placeholder}>`}`,
    description,
  ]);
  const { actions = [], examples, notes } = command;
  const exits: Rows = Object.entries({ ...exitsOfAll, ...command.exits });
  const column = Math.max(...[...actions, ...options].map(([term]) => term.length), '-h, --help'.length);
  const rows = (all: Rows, termWidth: number) =>
    all.map(([term, description]) => helper.formatItem(term, termWidth, description, helper)).join('\n');
  const blocks = [
    usage.map((line, index) => `${index === 0 ? 'Usage: ' : '       '}${line}`).join('\n'),
    helper.boxWrap(command.summary, width),
    rows(actions, column),
    rows([...options, ['-h, --help', 'this text']], column),
    helper.boxWrap(notes ?? '', width),
    examples.length === 0 ? '' : ['Examples:', ...examples.map((line) => `  ${line}`)].join('\n'),
    ['Exit status:', rows(exits, 3)].join('\n'),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}
