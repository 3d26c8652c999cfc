import { bundleAll } from '../bundles/bundle';
import { readHelpOption } from './start/startOptions';
import { UsageError } from '../command-line/usageError';

const help = `Usage: npm run build

Bundles every program into dist/ and prints name and content hash: what the images
of the next pulumi up are built from. Unchanged programs are left as they are.
`;

/** `npm run build`: bundles every program to dist/ and prints name and content hash. */
async function build(): Promise<void> {
  if (readHelpOption(process.argv.slice(2), 'build') === 'help') {
    process.stdout.write(help);
    return;
  }
  for (const { name, hash } of await bundleAll()) process.stdout.write(`${name.padEnd(24)}${hash.slice(0, 16)}\n`);
}

build().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
