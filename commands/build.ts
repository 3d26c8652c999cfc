import { bundleAll } from './bundle';

/** `npm run build`: bundles every program to dist/ and prints name and content hash. */
bundleAll().then(
  (bundles) => bundles.forEach(({ name, hash }) => process.stdout.write(`${name.padEnd(24)}${hash.slice(0, 16)}\n`)),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  },
);
