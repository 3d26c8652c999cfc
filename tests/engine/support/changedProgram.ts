/** The product's own program, with changes from outside: what a person would edit, without editing it. */
process.chdir(`${__dirname}/../../..`);
import { createRequire } from 'node:module';
import * as pulumi from '@pulumi/pulumi';
import { Command } from '@pulumi/command/local';
import type { ProgramChanges } from './programChanges';

const changes = JSON.parse(process.env['FACTORY_LOOP_TEST_CHANGES'] ?? '{}') as ProgramChanges;

function withValue(target: unknown, [step = '', ...rest]: readonly string[], value: unknown): unknown {
  if (pulumi.Output.isInstance(target)) return target.apply((known) => withValue(known, [step, ...rest], value));
  if (Array.isArray(target))
    return target.map((one: unknown, index) => (String(index) === step ? (rest.length === 0 ? value : withValue(one, rest, value)) : one));
  const object = (target ?? {}) as Record<string, unknown>;
  return { ...object, [step]: rest.length === 0 ? value : withValue(object[step], rest, value) };
}

pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
  const set = changes.set?.[`${type}::${name}`];
  if (!set) return undefined;
  return {
    props: Object.entries(set).reduce(
      (changed, [path, value]) => withValue(changed, path.split('.'), value),
      props as unknown,
    ) as typeof props,
    opts,
  };
});

if (changes.command) {
  const { name, create, secret } = changes.command;
  const environment = secret === undefined ? {} : { environment: { HUSH: pulumi.secret(secret) } };
  new Command(name, { create, ...environment });
}

// The product's program must be loaded when the changes are in place, and an import would be hoisted.
export = createRequire(__filename)('../../../index') as unknown;
