import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import { projectRoot } from '../../../support/projectRoot';

/** Lints a text as if it were the file. */
const lint = (file: string, text: string): string =>
  spawnSync(
    join(projectRoot, 'node_modules', '.bin', 'node'),
    ['node_modules/eslint/bin/eslint.js', '--stdin', '--stdin-filename', file, '--format', 'json'],
    { cwd: projectRoot, input: text, encoding: 'utf8' },
  ).stdout;

it.each([
  [
    'a program that knows the local region',
    'pipeline-code/train/probe.ts',
    "import { Gate } from '../../local-azure/region/gate';\nexport const gate = Gate;\n",
    /pipeline-code may import only contracts/,
  ],
  [
    'a command in the program itself',
    'index.ts',
    "import { buildImage } from './deploy-programs/build-image/buildImage';\nexport const build = buildImage;\n",
    /The program imports components and contracts only/,
  ],
  [
    'a type across rooms',
    'contracts/probe.ts',
    "import type { Step } from '../loop/step';\nexport type Probe = Step;\n",
    /contracts may import only nothing of ours/,
  ],
  [
    'a component that knows a program',
    'components/probe.ts',
    "import { train } from '../pipeline-code/train/train';\nexport const probe = train;\n",
    /components may import only contracts/,
  ],
  [
    'a setting that knows a role',
    'components/configuration/probe.ts',
    "import { factoryRoles } from '../access/roleMatrix';\nexport const probe = factoryRoles;\n",
    /configuration may import only nothing of ours/,
  ],
  [
    'a room of components that knows what stands on it',
    'components/programs/probe.ts',
    "import type { Platform } from '../platform';\nexport type Probe = Platform;\n",
    /programs may import only configuration/,
  ],
  [
    'a region without its gate',
    'local-azure/region/probe.ts',
    "import { OpenGate } from '../../bench/enforcement/openGate';\nexport const gate = OpenGate;\n",
    /local-azure may import only contracts/,
  ],
  [
    'a service of the region that knows another',
    'local-azure/container-registry/probe.ts',
    "import { Entra } from '../entra/entra';\nexport const probe = Entra;\n",
    /container-registry may import only region/,
  ],
  [
    'a service that knows the whole region',
    'local-azure/monitor/probe.ts',
    "import type { LocalRegion } from '../localRegion';\nexport type Probe = LocalRegion;\n",
    /monitor may import only region/,
  ],
  [
    'Pulumi in the region beside its hosts',
    'local-azure/provider/probe.ts',
    "import * as pulumi from '@pulumi/pulumi';\nexport const probe = pulumi;\n",
    /hosts of the provider speak Pulumi/,
  ],
  [
    'the protocol of the engine in a service',
    'local-azure/monitor/probe.ts',
    "import * as grpc from '@grpc/grpc-js';\nexport const probe = grpc;\n",
    /hosts of the provider speak Pulumi/,
  ],
  [
    'a command without the gate',
    'commands/probe.ts',
    "import { OpenGate } from '../bench/enforcement/openGate';\nexport const gate = OpenGate;\n",
    /commands may import only/,
  ],
  [
    'a socket in a program',
    'edge-sim/model-manager/probe.ts',
    "import { connect } from 'node:net';\nexport const probe = connect;\n",
    /Only local-azure opens sockets/,
  ],
  [
    'a socket beside the list of authorities',
    'commands/probe.ts',
    "import { connect, getCACertificates } from 'node:tls';\nexport const probe = [connect, getCACertificates];\n",
    /Only local-azure opens sockets/,
  ],
  ['a socket that is loaded later', 'components/probe.ts', "export const probe = import('node:tls');\n", /Only local-azure opens sockets/],
  [
    'Pulumi in a program',
    'pipeline-code/train/probe.ts',
    "import * as pulumi from '@pulumi/pulumi';\nexport const probe = pulumi;\n",
    /speak Pulumi/,
  ],
  [
    'a program of the deployment that finds itself a credential',
    'deploy-programs/site-documents/probe.ts',
    "import { DefaultAzureCredential } from '@azure/identity';\nexport const probe = new DefaultAzureCredential();\n",
    /Only deployerCredential\.ts makes a credential/,
  ],
  [
    'a credential under another name',
    'deploy-programs/probe.ts',
    "import * as identity from '@azure/identity';\nexport const probe = new identity.AzureCliCredential();\n",
    /Only deployerCredential\.ts makes a credential/,
  ],
  [
    'a socket in a program of the deployment',
    'deploy-programs/probe.ts',
    "import { connect } from 'node:net';\nexport const probe = connect;\n",
    /Only local-azure opens sockets/,
  ],
  [
    'a program that switches off the check of certificates',
    'edge-sim/model-manager/probe.ts',
    'export const probe = { rejectUnauthorized: false };\n',
    /certificate of the other side is always checked/,
  ],
  [
    'a variable that switches off the check of certificates',
    'pipeline-code/train/probe.ts',
    "process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';\n",
    /certificate of the other side is always checked/,
  ],
])(
  'the lint refuses %s',
  (_, file, text, message) => {
    expect(lint(file, text)).toMatch(message);
  },
  60_000,
);

it('no data file has the name of a module beside it: Node would take it for the module', () => {
  const files = execFileSync('git', ['ls-files', '*.json', '*.ts'], { cwd: projectRoot, encoding: 'utf8' }).split('\n');
  expect(files.filter((file) => file.endsWith('.json') && files.includes(file.replace(/\.json$/, '.ts')))).toEqual([]);
});

it('no imports go in a circle, of types neither, which the lint does not see', () => {
  const files = new Set(execFileSync('git', ['ls-files', '*.ts'], { cwd: projectRoot, encoding: 'utf8' }).trim().split('\n'));
  const imported = new Map(
    [...files].map((file) => [
      file,
      [...readFileSync(join(projectRoot, file), 'utf8').matchAll(/^(?:import|export)\b[^;]*? from '(\.[^']+)';/gm)]
        .map(([, path]) => `${posix.join(posix.dirname(file), path ?? '')}.ts`)
        .filter((path) => files.has(path)),
    ]),
  );
  // What nothing left is imported by cannot be in a circle; what stays when none is left is one, or leads from one to another.
  let left = [...files];
  for (let before = 0; before !== left.length;) {
    before = left.length;
    const wanted = new Set(left.flatMap((file) => imported.get(file) ?? []));
    left = left.filter((file) => wanted.has(file) && imported.get(file)?.some((path) => left.includes(path)));
  }
  expect(left).toEqual([]);
});
