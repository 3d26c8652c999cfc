import { join } from 'node:path';
import { helpText, readCommandLine } from '../../../../command-line/readCommandLine';
import { command as down } from '../../../../commands/downLocal';
import { command as up } from '../../../../commands/upLocal';
import { projectRoot } from '../../../support/projectRoot';

describe('the command lines of up:local and down:local', () => {
  it('deploy the stack local below .local without being told', () => {
    expect(readCommandLine(up, [])).toEqual({ stack: 'local', local: join(projectRoot, '.local'), preview: false });
    expect(readCommandLine(up, ['--stack', 'plant-two', '--preview', '--local', '.local/x'])).toEqual({
      stack: 'plant-two',
      local: join(projectRoot, '.local', 'x'),
      preview: true,
    });
  });

  it.each([
    ['a stack that no resource could be named after', ['--stack', 'Plant_Two'], /--stack Plant_Two: expected 2 to 20 lower case letters/],
    ['a path as a stack', ['--stack', '../../x'], /--stack \.\.\/\.\.\/x: expected/],
    ['a folder outside', ['--local', '/etc'], /--local \/etc: expected \.local/],
    ['an unknown option', ['--previews'], /--previews/],
  ])('refuse %s in one line', (_, args, line) => {
    expect(() => readCommandLine(up, args)).toThrow(line);
  });

  it('know only what they can do', () => {
    expect(() => readCommandLine(down, ['--preview'])).toThrow(/--preview.*See "npm run down:local -- --help"/);
  });

  it('explain themselves within 80 columns', () => {
    expect([readCommandLine(up, ['--help']), readCommandLine(down, ['-h'])]).toEqual(['help', 'help']);
    for (const help of [helpText(up), helpText(down)])
      expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});
