import { join } from 'node:path';
import { readDownOptions, readUpOptions } from '../../../../commands/up/upOptions';

const root = '/project';

describe('the command lines of up:local and down:local', () => {
  it('deploy the stack local below .local without being told', () => {
    expect(readUpOptions([], root)).toEqual({ stack: 'local', local: join(root, '.local'), preview: false });
    expect(readUpOptions(['--stack', 'plant-two', '--preview', '--local', '.local/x'], root)).toEqual({
      stack: 'plant-two',
      local: join(root, '.local', 'x'),
      preview: true,
    });
  });

  it.each([
    ['a stack that no resource could be named after', ['--stack', 'Plant_Two'], /--stack Plant_Two: expected 2 to 20 lower case letters/],
    ['a path as a stack', ['--stack', '../../x'], /--stack \.\.\/\.\.\/x: expected/],
    ['a folder outside', ['--local', '/etc'], /--local \/etc: expected \.local/],
    ['an unknown option', ['--previews'], /--previews/],
  ])('refuse %s in one line', (_, args, line) => {
    expect(() => readUpOptions(args, root)).toThrow(line);
  });

  it('know only what they can do', () => {
    expect(() => readDownOptions(['--preview'], root)).toThrow(/--preview.*See "npm run down:local -- --help"/);
  });

  it('explain themselves within 80 columns', () => {
    for (const help of [readUpOptions(['--help'], root), readDownOptions(['-h'], root)]) {
      expect(typeof help === 'string' ? Math.max(...help.split('\n').map((line) => line.length)) : undefined).toBeLessThanOrEqual(80);
    }
  });
});
