import { posix } from 'node:path';

/** What a single-stage Dockerfile says, as far as the region can do it without running a container. */
export interface ImageRecipe {
  readonly base: string;
  readonly workingDirectory: string;
  readonly copies: readonly { readonly sources: readonly string[]; readonly target: string; readonly intoDirectory: boolean }[];
  readonly environment: readonly (readonly [string, string])[];
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** RUN instructions: recorded, not executed, because the programs run on this machine's own Node and system. */
  readonly notExecuted: readonly string[];
}

class DockerfileError extends Error {
  constructor(line: number, message: string) {
    super(`Dockerfile line ${line}: ${message}`);
  }
}

interface Instruction {
  readonly line: number;
  readonly name: string;
  readonly rest: string;
}

function instructionsOf(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  let pending: { line: number; text: string } | undefined;
  text.split(/\r?\n/).forEach((raw, index) => {
    if (raw.trim() === '' || raw.trim().startsWith('#')) return;
    const continues = /\\\s*$/.test(raw);
    const part = raw.replace(/\\\s*$/, '').trim();
    pending = pending ? { line: pending.line, text: `${pending.text} ${part}` } : { line: index + 1, text: part };
    if (continues) return;
    const match = /^(\S+)\s*(.*)$/s.exec(pending.text);
    instructions.push({ line: pending.line, name: (match?.[1] ?? '').toUpperCase(), rest: match?.[2] ?? '' });
    pending = undefined;
  });
  if (pending) throw new DockerfileError(pending.line, 'the last instruction ends in a backslash');
  return instructions;
}

/** JSON form, or the shell's. */
function commandOf(rest: string): string[] {
  if (!rest.startsWith('[')) return ['/bin/sh', '-c', rest];
  const parsed: unknown = JSON.parse(rest);
  if (!Array.isArray(parsed) || !parsed.every((word) => typeof word === 'string')) throw new Error('expected a JSON array of strings');
  return parsed as string[];
}

/** `A=1 B="two words"`, or the old `A one value`. */
function pairsOf(rest: string): [string, string][] {
  if (!/^[^\s=]+=/.test(rest)) {
    const match = /^(\S+)\s+(.+)$/.exec(rest);
    if (!match?.[1] || !match[2]) throw new Error('expected KEY=value');
    return [[match[1], match[2]]];
  }
  const pairs: [string, string][] = [];
  for (const match of rest.matchAll(/([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S*))/g))
    pairs.push([match[1] ?? '', match[2]?.replaceAll(/\\(.)/g, '$1') ?? match[3] ?? match[4] ?? '']);
  return pairs;
}

/** `buildArguments`: values for the arguments that are declared before FROM; nothing else takes any. */
export function parseDockerfile(text: string, buildArguments: ReadonlyMap<string, string> = new Map()): ImageRecipe {
  const declared = new Map<string, string>();
  let base: string | undefined;
  let workingDirectory = '/';
  let user: string | undefined;
  let entrypoint: string[] = [];
  let command: string[] = [];
  const copies: { sources: string[]; target: string; intoDirectory: boolean }[] = [];
  const environment = new Map<string, string>();
  const labels: Record<string, string> = {};
  const notExecuted: string[] = [];

  for (const { line, name, rest } of instructionsOf(text)) {
    const refuse = (message: string) => new DockerfileError(line, message);
    if (name !== 'FROM' && name !== 'ARG' && base === undefined) throw refuse(`expected FROM first, got ${name}`);
    if (name !== 'RUN' && name !== 'CMD' && name !== 'ENTRYPOINT' && name !== 'FROM' && rest.includes('$'))
      throw refuse(`${name} with a variable ($) is not supported by the local builder: write the value`);
    try {
      switch (name) {
        case 'ARG': {
          if (base !== undefined) throw new Error('an argument after FROM is not supported by the local builder');
          const [, key = '', value] = /^(\w+)(?:=(\S*))?$/.exec(rest) ?? [];
          if (key === '') throw new Error('expected ARG NAME or ARG NAME=value');
          declared.set(key, buildArguments.get(key) ?? value ?? '');
          break;
        }
        case 'FROM':
          if (base !== undefined) throw new Error('several stages are not supported by the local builder');
          base = (rest.replace(/^--platform=\S+\s+/, '').split(/\s+/)[0] ?? '').replaceAll(
            /\$(?:\{(\w+)\}|(\w+))/g,
            (_, braced?: string, plain?: string) => declared.get(braced ?? plain ?? '') ?? '',
          );
          if (base === '' || base.includes('$')) throw new Error(`${rest} names no image with the arguments of this build`);
          break;
        case 'WORKDIR':
          workingDirectory = posix.resolve(workingDirectory, rest);
          break;
        case 'COPY': {
          const words = rest.replaceAll(/--(?:chown|chmod|link)(?:=\S+)?\s+/g, '');
          if (words.startsWith('--'))
            throw new Error(`the option ${words.split(/[ =]/)[0] ?? ''} of COPY is not supported by the local builder`);
          const paths = words.startsWith('[') ? commandOf(words) : words.split(/\s+/);
          const target = paths.at(-1) ?? '';
          if (paths.length < 2) throw new Error('expected COPY <source> … <target>');
          copies.push({
            sources: paths.slice(0, -1),
            target: posix.resolve(workingDirectory, target),
            intoDirectory: target.endsWith('/') || target === '.' || paths.length > 2,
          });
          break;
        }
        case 'ENV':
          for (const [key, value] of pairsOf(rest)) environment.set(key, value);
          break;
        case 'LABEL':
          for (const [key, value] of pairsOf(rest)) labels[key.replace(/^"(.*)"$/, '$1')] = value;
          break;
        case 'USER':
          user = rest;
          break;
        case 'ENTRYPOINT':
          entrypoint = commandOf(rest);
          break;
        case 'CMD':
          command = commandOf(rest);
          break;
        case 'RUN':
          notExecuted.push(rest);
          break;
        case 'EXPOSE':
        case 'STOPSIGNAL':
          break;
        default:
          throw new Error(
            `the instruction ${name} is not supported by the local builder (ARG before FROM, FROM, WORKDIR, COPY, ENV, LABEL, USER, ENTRYPOINT, CMD, RUN, EXPOSE, STOPSIGNAL are)`,
          );
      }
    } catch (error) {
      throw error instanceof DockerfileError ? error : refuse((error as Error).message);
    }
  }
  if (base === undefined) throw new DockerfileError(1, 'expected FROM');
  return { base, workingDirectory, copies, environment: [...environment], labels, user, entrypoint, command, notExecuted };
}
