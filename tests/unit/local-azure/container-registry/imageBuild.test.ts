import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { copiedFiles, buildImage } from '../../../../local-azure/container-registry/imageBuild';
import { parseDockerfile } from '../../../../local-azure/container-registry/dockerfile';
import { parseImage } from '../../../../local-azure/container-registry/imagePull';
import { parseScopes } from '../../../../local-azure/container-registry/registryTokens';
import { gzip, readTar, writeTar, type TarFile } from '../../../../local-azure/container-registry/tarball';

const file = (text: string): TarFile => ({ content: Buffer.from(text), executable: false });

describe('a Dockerfile', () => {
  it('is read with continuations, both command forms and quoted values', () => {
    const recipe = parseDockerfile(
      '# syntax=docker/dockerfile:1\nFROM --platform=linux/amd64 node:24 AS base\nENV A=1 B="two words" \\\n  C=3\nENV D four five\nWORKDIR /srv\nWORKDIR app\nCOPY --chown=node:node package.json index.js ./\nLABEL "org.example"=x\nRUN apt-get update && \\\n  apt-get install python3\nUSER node\nENTRYPOINT ["node"]\nCMD index.js --flag\n',
    );
    expect(recipe).toEqual({
      base: 'node:24',
      workingDirectory: '/srv/app',
      copies: [{ sources: ['package.json', 'index.js'], target: '/srv/app', intoDirectory: true }],
      environment: [
        ['A', '1'],
        ['B', 'two words'],
        ['C', '3'],
        ['D', 'four five'],
      ],
      labels: { 'org.example': 'x' },
      user: 'node',
      entrypoint: ['node'],
      command: ['/bin/sh', '-c', 'index.js --flag'],
      notExecuted: ['apt-get update && apt-get install python3'],
    });
  });
  it('takes the value of an argument before FROM from the build, or its default', () => {
    const text = 'ARG BASE=node:24\nARG TAG\nFROM --platform=linux/amd64 ${BASE}$TAG\n';
    expect(parseDockerfile(text).base).toBe('node:24');
    expect(
      parseDockerfile(
        text,
        new Map([
          ['BASE', 'own/node'],
          ['TAG', ':1'],
          ['OTHER', 'x'],
        ]),
      ).base,
    ).toBe('own/node:1');
  });
  it.each([
    ['ARG B\nFROM $B', /line 2: \$B names no image/],
    ['FROM ${UNKNOWN}', /names no image/],
    ['FROM a\nARG B=1', /line 2: an argument after FROM/],
    ['ARG B C\nFROM a', /line 1: expected ARG/],
    ['FROM a\nVOLUME /x', /line 2: the instruction VOLUME/],
    ['WORKDIR /x', /expected FROM first/],
    ['FROM a\nFROM b', /several stages/],
    ['FROM a\nCOPY --from=b x y', /--from/],
    ['FROM a\nENV X=$Y', /variable/],
    ['FROM a\nCMD [1]', /array of strings/],
    ['FROM a\nRUN x \\', /ends in a backslash/],
    ['', /expected FROM/],
  ])('%j is refused with its line', (text, reason) => {
    expect(() => parseDockerfile(text)).toThrow(reason);
  });
  it('copies files, folders and patterns to where Docker would', () => {
    const context = new Map([
      ['index.js', file('i')],
      ['package.json', file('p')],
      ['package-lock.json', file('l')],
      ['lib/a.js', file('a')],
      ['lib/deep/b.js', file('b')],
    ]);
    const paths = (copy: string) => [...copiedFiles(parseDockerfile(`FROM a\nWORKDIR /app\nCOPY ${copy}\n`), context).keys()].sort();
    expect(paths('. .')).toEqual(['/app/index.js', '/app/lib/a.js', '/app/lib/deep/b.js', '/app/package-lock.json', '/app/package.json']);
    expect(paths('package*.json ./')).toEqual(['/app/package-lock.json', '/app/package.json']);
    expect(paths('lib code')).toEqual(['/app/code/a.js', '/app/code/deep/b.js']);
    expect(paths('index.js main.js')).toEqual(['/app/main.js']);
    expect(() => paths('../secret .')).toThrow(/outside of the build context/);
  });
});

describe('an archive', () => {
  const archive = async (entries: { name: string; type?: 'symlink' | 'link'; linkname?: string; text?: string }[]) => {
    const tar = pack();
    for (const { text = 'x', ...header } of entries) {
      if (header.type === undefined) tar.entry(header, text);
      else tar.entry(header);
    }
    tar.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const read = async (tar: Buffer, limits = { maxBytes: 1_000, maxEntries: 10 }) => {
    const paths: string[] = [];
    await readTar(Readable.from([tar]), false, limits, (path) => void paths.push(path));
    return paths;
  };
  it.each([
    ['climbs out', { name: 'a/../../evil' }, /points outside/],
    ['is absolute', { name: '/etc/passwd' }, /points outside/],
    ['uses backslashes', { name: '..\\evil' }, /points outside/],
    ['is a symbolic link', { name: 'link', type: 'symlink' as const, linkname: '/etc' }, /only files and directories/],
    ['is a hard link', { name: 'link', type: 'link' as const, linkname: 'a' }, /only files and directories/],
    ['is too large', { name: 'big', text: 'x'.repeat(1_001) }, /more than 1000 bytes/],
  ])('is refused when an entry %s', async (_what, entry, reason) => {
    await expect(read(await archive([{ name: 'good' }, entry]))).rejects.toThrow(reason);
  });
  it('is refused when it has too many entries, and read when it is harmless', async () => {
    const many = Array.from({ length: 11 }, (_, index) => ({ name: `file-${index}` }));
    await expect(read(await archive(many))).rejects.toThrow(/more than 10 entries/);
    expect(await read(await archive([{ name: './a/b' }, { name: 'c' }]))).toEqual(['a/b', 'c']);
  });
});

it('the same context gives the same image, another one another', async () => {
  const context = async (text: string, reverse: boolean, base = 'a') => {
    const files: [string, TarFile][] = [
      ['Dockerfile', file(`FROM ${base}\nCOPY index.js /\n`)],
      ['index.js', file(text)],
    ];
    return gzip(await writeTar(new Map(reverse ? files.reverse() : files)));
  };
  const manifest = async (text: string, reverse = false, base?: string) =>
    (await buildImage(await context(text, reverse, base), { path: 'Dockerfile' }, () => undefined)).manifest.toString();
  expect(await manifest('1', true)).toBe(await manifest('1'));
  expect(await manifest('2')).not.toBe(await manifest('1'));
  expect(await manifest('1', false, 'b')).not.toBe(await manifest('1'));
  const pinned = (registry: string, digit: string) => manifest('1', false, `${registry}/base/node@sha256:${digit.repeat(64)}`);
  expect(await pinned('first.example', 'd')).toBe(await pinned('second.example', 'd'));
  expect(await pinned('first.example', 'e')).not.toBe(await pinned('first.example', 'd'));
  await expect(buildImage(await context('1', false), { path: 'Other' }, () => undefined)).rejects.toThrow(/unable to find the Dockerfile/);
});

it('image names and token scopes are read as the protocol writes them', () => {
  expect(parseImage('localhost:5000/edge/pkg:1.2')).toEqual({ loginServer: 'localhost:5000', repository: 'edge/pkg', reference: '1.2' });
  expect(parseImage(`localhost:5000/pkg@sha256:${'a'.repeat(64)}`).reference).toBe(`sha256:${'a'.repeat(64)}`);
  expect(parseImage('host/pkg').reference).toBe('latest');
  expect(() => parseImage('pkg')).toThrow(/expected <registry>/);
  expect(parseScopes('repository:edge/pkg:pull,push registry:catalog:* nonsense repository:x:fly')).toEqual([
    { type: 'repository', name: 'edge/pkg', actions: ['pull', 'push'] },
    { type: 'registry', name: 'catalog', actions: ['*'] },
    { type: 'repository', name: 'x', actions: [] },
  ]);
});
