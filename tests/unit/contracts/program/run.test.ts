import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { projectRoot } from '../../../support/projectRoot';

const directory = mkdtempSync(join(tmpdir(), 'program-'));
const file = join(directory, 'program.js');
beforeAll(() => {
  buildSync({
    stdin: {
      contents: `
        import { z } from 'zod';
        import { runPipelineProgram, runSiteProgram } from './contracts/program/run';
        const [kind, behaviour] = process.argv.slice(2);
        const refused = Object.assign(new Error('no such blob'), {
          statusCode: 404, code: 'BlobNotFound', request: { method: 'GET', url: 'https://storage/raw/a.csv?sig=secret' },
        });
        const work = {
          ends: async (log) => log('warn', 'looked', { files: 2 }),
          refused: () => Promise.reject(refused),
          throws: async () => { setTimeout(() => { throw new RangeError('too far'); }); await new Promise(() => setInterval(() => undefined, 1_000)); },
        };
        const schema = z.object({ FACTORY: z.string() });
        if (kind === 'pipeline') runPipelineProgram('train', schema, (_settings, log) => work[behaviour](log));
        else runSiteProgram('databus', schema, async (_settings, log) => {
          if (behaviour !== 'runs') await work[behaviour](log);
          const timer = setInterval(() => undefined, 1_000);
          log('info', 'ready');
          return { close: async () => clearInterval(timer) };
        });
      `,
      resolveDir: projectRoot,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    outfile: file,
  });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const withoutTime = (lines: string) => lines.replace(/"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/g, '"time":""');
function run(kind: 'pipeline' | 'site', behaviour: string, environment: NodeJS.ProcessEnv = { FACTORY: 'north' }) {
  const child = spawn(process.execPath, [file, kind, behaviour], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk: Buffer) => {
      written[stream] += chunk.toString();
      if (chunk.includes('ready')) child.kill('SIGTERM');
    });
  return new Promise((resolve) => child.once('close', (code) => resolve([code, withoutTime(written.stdout), withoutTime(written.stderr)])));
}

describe('a program of the pipelines', () => {
  it('ends with 0 when its work is done', async () => {
    expect(await run('pipeline', 'ends')).toEqual([0, '{"time":"","level":"warn","program":"train","message":"looked","files":2}\n', '']);
  });
  it('ends with 1 and says why, without the signature of a link', async () => {
    expect(await run('pipeline', 'refused')).toEqual([
      1,
      '',
      '{"time":"","level":"error","program":"train","message":"failed","error":"no such blob","status":404,"errorCode":"BlobNotFound","method":"GET","target":"https://storage/raw/a.csv"}\n',
    ]);
  });
  it('ends with 2 and names the setting that is missing', async () => {
    expect(await run('pipeline', 'ends', {})).toEqual([
      2,
      '',
      '{"time":"","level":"error","program":"train","message":"wrong settings","error":"train cannot start, its environment is wrong:\\n  FACTORY is missing"}\n',
    ]);
  });
  it('ends with 1 after an exception that nothing caught', async () => {
    expect(await run('pipeline', 'throws')).toEqual([
      1,
      '',
      '{"time":"","level":"error","program":"train","message":"failed","error":"too far"}\n',
    ]);
  });
});

describe('a program of the site', () => {
  it('runs until it is stopped, then ends with 0', async () => {
    expect(await run('site', 'runs')).toEqual([
      0,
      '{"time":"","level":"info","program":"databus","message":"ready"}\n{"time":"","level":"info","program":"databus","message":"stopping","signal":"SIGTERM"}\n',
      '',
    ]);
  });
  it.each([
    ['its start fails', 'refused', { FACTORY: 'north' }, 1, '"code":"Error","message":"no such blob"'],
    ['nothing caught an exception', 'throws', { FACTORY: 'north' }, 1, '"code":"RangeError","message":"too far"'],
    [
      'a setting is missing',
      'runs',
      {},
      2,
      '"code":"SettingsError","message":"databus cannot start, its environment is wrong:\\n  FACTORY is missing"',
    ],
  ])('ends when %s', async (_when, behaviour, environment, code, fields) => {
    expect(await run('site', behaviour, environment)).toEqual([code, '', `{"time":"","level":"error","program":"databus",${fields}}\n`]);
  });
});
