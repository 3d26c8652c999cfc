import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { baseImageArgument, baseImageOf, importBaseImage, type BaseImage } from '../../../../deploy-programs/build-image/baseImage';
import { explainedBuildError } from '../../../../deploy-programs/build-image/buildImage';
import { isTransientBuildFailure, retryTransient } from '../../../../deploy-programs/transientFailure';
import { programs } from '../../../../contracts/programs';
import { parseDockerfile } from '../../../../local-azure/container-registry/dockerfile';
import { projectRoot } from '../../../support/projectRoot';

const place = { resourceGroup: 'rg', registry: 'acr', loginServer: 'acr.azurecr.io', baseImageRegistry: 'docker.io' };

describe('the base image of a program', () => {
  it.each(Object.entries(programs))('%s is pulled from the registry that builds it, by the same digest', (program, room) => {
    const dockerfile = readFileSync(join(projectRoot, room, program, 'Dockerfile'), 'utf8');
    const base = baseImageOf(dockerfile);
    expect(base).toMatchObject({
      repository: 'library/node',
      tag: '24-bookworm-slim',
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
    });
    const argument = baseImageArgument(base as BaseImage, place.loginServer);
    expect(argument).toEqual({ name: 'BASE_IMAGE', value: `acr.azurecr.io/base/node@${base?.digest ?? ''}` });
    expect(parseDockerfile(dockerfile, new Map([[argument.name, argument.value]]))).toEqual({
      ...parseDockerfile(dockerfile),
      base: argument.value,
    });
  });

  it('of another kind is left alone', () => {
    const own = `acr.azurecr.io/base/node@sha256:${'a'.repeat(64)}`;
    for (const text of [
      'FROM node:24',
      `FROM ${own}`,
      `ARG BASE_IMAGE=${own}\nFROM \${BASE_IMAGE}`,
      `ARG BASE_IMAGE=node:24@sha256:${'a'.repeat(64)}\nFROM node:24`,
    ])
      expect(baseImageOf(`${text}\n`)).toBeUndefined();
  });

  it('is imported by digest under a tag of its own; a tag that is taken is success, any other refusal is not', async () => {
    const base = { repository: 'library/node', tag: '24', digest: `sha256:${'a'.repeat(64)}` };
    const asked: unknown[] = [];
    const client = (statusCode?: number) =>
      ({
        registries: {
          beginImportImageAndWait: (...args: unknown[]) => {
            asked.push(args.slice(0, 3));
            return statusCode === undefined ? Promise.resolve() : Promise.reject(Object.assign(new Error('refused'), { statusCode }));
          },
        },
      }) as unknown as Parameters<typeof importBaseImage>[0];
    await importBaseImage(client(), place, base, 1_000);
    await importBaseImage(client(409), { ...place, baseImageRegistry: 'mirror.example/docker/hub' }, base, 1_000);
    await expect(importBaseImage(client(403), place, base, 1_000)).rejects.toThrow('refused');
    expect(asked[0]).toEqual([
      'rg',
      'acr',
      {
        source: { registryUri: 'docker.io', sourceImage: `library/node@sha256:${'a'.repeat(64)}` },
        targetTags: ['base/node:24-aaaaaaaaaaaa'],
        mode: 'NoForce',
      },
    ]);
    expect(asked[1]).toMatchObject([
      'rg',
      'acr',
      { source: { registryUri: 'mirror.example', sourceImage: `docker/hub/library/node@sha256:${'a'.repeat(64)}` } },
    ]);
  });
});

describe('a build that failed', () => {
  it('because the subscription may not build says what to do instead', () => {
    expect(explainedBuildError(Object.assign(new Error('no'), { code: 'TasksOperationsNotAllowed' }))).toMatchObject({
      message: expect.stringMatching(/set imageSource: prebuilt/) as string,
    });
    const other = new Error('no');
    expect(explainedBuildError(other)).toBe(other);
  });

  it.each([
    ['toomanyrequests: You have reached your unauthenticated pull rate limit.', true],
    ['Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout', true],
    ['npm error code ECONNRESET', true],
    ['E: Temporary failure resolving packages.example', true],
    ['Dockerfile line 2: the instruction VOLUME is not supported', false],
    ['npm error 404 Not Found', false],
  ])('by "%s": again %s', (message, again) => {
    expect(isTransientBuildFailure(new Error(`the build c1 of train ended as Failed:\n${message}`))).toBe(again);
  });

  it('is tried again so often and no more, and not at all where trying does not help', async () => {
    let tries = 0;
    const failing = (message: string, until: number) => () => {
      tries += 1;
      return tries < until ? Promise.reject(new Error(message)) : Promise.resolve(tries);
    };
    const retry = { attempts: 3, firstDelayMs: 1 };
    expect(await retryTransient(failing('toomanyrequests', 3), retry)).toBe(3);
    tries = 0;
    await expect(retryTransient(failing('toomanyrequests', 9), retry)).rejects.toThrow('toomanyrequests');
    expect(tries).toBe(3);
    tries = 0;
    await expect(retryTransient(failing('COPY missing: not found', 9), retry)).rejects.toThrow('COPY missing');
    expect(tries).toBe(1);
  });
});
