import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { regionMarker } from '../../contracts/regionMarker';
import type { RegionContext } from '../region/regionContext';
import { checkInputs } from '../region/checks';
import type { IdentityEndpoint, Tenant } from '../region/serviceInterfaces';
import { ResourceError, type CreateRequest, type Properties, type ProviderPart, type ResourceType } from '../region/resourceType';

const timeoutMs = 15 * 60_000;
const maxOutputBytes = 4 * 1024 * 1024;
const tailLength = 4_000;

interface CommandRun {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string | undefined;
  readonly input: string | undefined;
  readonly timeoutMs: number;
}

/** Runs to the end and gives both outputs; rejects with the tail of stderr when the command fails. */
export async function runCommand({
  command: [program = '', ...args],
  environment,
  directory,
  input,
  timeoutMs: limitMs,
}: CommandRun): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(program, args, { cwd: directory, env: { ...environment }, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const outputs = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let size = 0;
  let refused: string | undefined;
  const kill = (reason: string) => {
    refused ??= reason;
    // The shell's children are in its process group; killing the shell alone would leave them.
    if (child.pid !== undefined)
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxOutputBytes) kill(`it wrote more than ${maxOutputBytes} bytes`);
      else outputs[name].push(chunk);
    });
  }
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  const timer = setTimeout(() => kill(`it ran for more than ${limitMs / 1_000} s`), limitMs);
  const ended = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal === null ? `exit code ${String(code)}` : `signal ${signal}`));
  }).finally(() => clearTimeout(timer));
  const text = (name: 'stdout' | 'stderr') =>
    Buffer.concat(outputs[name])
      .toString('utf8')
      .replace(/\r?\n$/, '');
  if (ended !== 'exit code 0' || refused !== undefined) {
    const tail = (text('stderr') || text('stdout')).slice(-tailLength);
    throw new ResourceError(
      'CommandFailed',
      `${args.at(-1) ?? program} ended with ${refused === undefined ? ended : `${ended} because ${refused}`}:\n${tail}`,
    );
  }
  return { stdout: text('stdout'), stderr: text('stderr') };
}

/**
 * Commands of the deployment. They run as the principal that deploys and see nothing of this process's environment but where
 * programs are found, so a setting that is not declared is missing here as it would be on a build agent.
 */
export function commandTypes(context: RegionContext, entra: Pick<Tenant, 'deployer'> & IdentityEndpoint): ProviderPart {
  const commands = context.openStore<Properties>('provider/commands');

  async function run(line: string, inputs: Properties, previous: Properties | undefined): Promise<{ stdout: string; stderr: string }> {
    const grant = entra.grant([entra.deployer], { protocol: 'appService' });
    const declared = Object.fromEntries(
      Object.entries((inputs['environment'] ?? {}) as Properties).map(([key, value]) => [key, String(value)]),
    );
    const outputsBefore: Record<string, string> =
      previous !== undefined && inputs['addPreviousOutputInEnv'] !== false
        ? { PULUMI_COMMAND_STDOUT: String(previous['stdout'] ?? ''), PULUMI_COMMAND_STDERR: String(previous['stderr'] ?? '') }
        : {};
    const environment = {
      PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
      HOME: process.env['HOME'] ?? '',
      TZ: 'UTC',
      NODE_EXTRA_CA_CERTS: context.tls.caFile,
      [regionMarker]: context.directory,
      ...grant.environment,
      ARM_USE_MSI: 'true',
      ARM_CLIENT_ID: entra.deployer.clientId,
      ...outputsBefore,
      ...declared,
    };
    const interpreter = Array.isArray(inputs['interpreter']) ? inputs['interpreter'].map(String) : ['/bin/sh', '-c'];
    try {
      return await runCommand({
        command: [...interpreter, line],
        environment,
        directory: typeof inputs['dir'] === 'string' ? inputs['dir'] : undefined,
        input: typeof inputs['stdin'] === 'string' ? inputs['stdin'] : undefined,
        timeoutMs,
      });
    } finally {
      grant.revoke();
    }
  }

  /** Stays the same when the same program is deployed again; a replacement is another one beside the one that it replaces. */
  const idOf = ({ urn, name, inputs }: CreateRequest) =>
    `${name}${createHash('sha256')
      .update(urn)
      .update(JSON.stringify(inputs['triggers'] ?? []))
      .digest('hex')
      .slice(0, 8)}`;
  async function put(id: string, inputs: Properties, line: unknown, previous: Properties | undefined): Promise<Properties> {
    const outputs = { ...inputs, ...(typeof line === 'string' ? await run(line, inputs, previous) : { stdout: '', stderr: '' }) };
    commands.set(id, outputs);
    return outputs;
  }

  const command: ResourceType = {
    token: 'command:local:Command',
    computed: ['stdout', 'stderr'],
    computedByUpdate: ['stdout', 'stderr'],
    echoes: ['stdout', 'stderr'],
    replaceOn: { triggers: 'command: a changed trigger runs the command as for a new resource' },
    check: ({ inputs }) => ({
      inputs,
      failures: checkInputs(inputs, [
        { property: 'archivePaths', allowed: [], expected: 'nothing: the local region returns no archives' },
        { property: 'assetPaths', allowed: [], expected: 'nothing: the local region returns no assets' },
      ]),
    }),
    async create(request) {
      const id = idOf(request);
      return { id, outputs: await put(id, request.inputs, request.inputs['create'], undefined) };
    },
    // What a command did is known from its outputs only.
    read: async (id, known) => commands.get(id) ?? known,
    update: async (id, { inputs, old }) => put(id, inputs, inputs['update'] ?? inputs['create'], old),
    async delete(id, old) {
      if (typeof old['delete'] === 'string') await run(old['delete'], old, old);
      commands.delete(id);
    },
  };
  return { resources: [command], functions: [] };
}
