import { join } from 'node:path';
import { option } from '../../command-line/command';
import { UsageError } from '../../command-line/usageError';
import { stacksIn } from '../../plan/stackFile';

const root = join(__dirname, '..', '..');
/** The stacks that can be named where a file is asked for. */
export const stacksWithFile = (): string[] => stacksIn(root);
export const stackFileOption = (description: string) => option('name', description, { short: 's', required: stacksWithFile });

/** The name goes to the Pulumi CLI as an argument; it must not be taken for an option. */
export const deployedStackOption = option('name', 'which stack; its outputs are read with the Pulumi CLI', {
  short: 's',
  // Which stacks are deployed, only their backend knows.
  required: () => [],
  parse: (text: string) => {
    if (!/^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$/.test(text)) throw new UsageError('expected the name of a stack.');
    return text;
  },
});

/** The stack's name is the factory's too, and names of resources are made of it. */
export const localStackOption = (description: string) =>
  option('name', description, {
    short: 's',
    otherwise: 'local',
    parse: (text: string) => {
      if (!/^(?=.{2,20}$)[a-z](?!.*--)[a-z0-9-]*[a-z0-9]$/.test(text))
        throw new UsageError('expected 2 to 20 lower case letters, digits and single dashes, a letter first.');
      return text;
    },
  });
