import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { armReport, itWithSchemas } from '../support/armReport';
import { captureProgram, ofType, type Captured } from '../support/capturedProgram';
import { projectRoot } from '../../support/projectRoot';

const folder = join(projectRoot, 'tests', 'unit', 'support', 'componentExamples');
const files = readdirSync(folder).map((file) => join(folder, file));
const source = (file: string) => readFileSync(file, 'utf8');
/** As somebody writes it who has the components beside the program. */
const asWritten = (text: string) => text.replaceAll('../../../../', './').trim();
const components = readdirSync(join(projectRoot, 'components'), { recursive: true, withFileTypes: true })
  .filter((one) => one.isFile() && one.name.endsWith('.ts'))
  .map((one) => join(one.parentPath, one.name));
const classes = components.flatMap((file) =>
  [...source(file).matchAll(/^export class (\w+)[^{]*? extends pulumi\.ComponentResource/gm)].map(([, name]) => ({
    name: name ?? '',
    file,
  })),
);
const documented = readFileSync(join(projectRoot, 'docs', 'components.md'), 'utf8');
const sections = new Map([...documented.matchAll(/^### (\w+)\n([\s\S]*?)(?=^##)/gm)].map(([, name, body]) => [name ?? '', body ?? '']));

describe('docs/components.md', () => {
  it('has every component, each with the example that is tried here', () => {
    expect([...sections.keys()].sort()).toEqual(classes.map(({ name }) => name).sort());
    const examples = [...sections].map(([name, body]) => [name, /```ts\n([\s\S]*?)```/.exec(body)?.[1]?.trim()]);
    const tried = classes.map(({ name, file }) => [name, asWritten(source(join(folder, basename(file))))]);
    expect(Object.fromEntries(examples)).toEqual(Object.fromEntries(tried));
  });

  it('has examples that compile', () => {
    const { options } = ts.convertCompilerOptionsFromJson(
      (ts.readConfigFile(join(projectRoot, 'tsconfig.json'), ts.sys.readFile).config as { compilerOptions: object }).compilerOptions,
      projectRoot,
    );
    const program = ts.createProgram(files, { ...options, noEmit: true });
    const problems = files
      .flatMap((file) => program.getSemanticDiagnostics(program.getSourceFile(file)))
      .map(({ file, messageText }) => `${basename(file?.fileName ?? '')}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
    expect(problems).toEqual([]);
  }, 240_000);
});

describe('every component', () => {
  it('says of each argument what it is', () => {
    const silent = components.flatMap((file) => {
      const found: string[] = [];
      ts.createSourceFile(file, source(file), ts.ScriptTarget.Latest, true).forEachChild((node) => {
        if (ts.isInterfaceDeclaration(node) && node.name.text.endsWith('Args'))
          found.push(
            ...node.members
              .filter((member) => ts.getJSDocCommentsAndTags(member).length === 0)
              .map((member) => `${node.name.text}.${member.name?.getText() ?? ''}`),
          );
      });
      return found;
    });
    expect(silent).toEqual([]);
  });

  it('registers what it made', () => {
    expect(
      classes
        .filter(({ file }) => !/registerOutputs\(\{ *\S/.test(source(file)) && !/registerOutputs\(\{\n/.test(source(file)))
        .map(({ name }) => name),
    ).toEqual([]);
  });
});

describe('the components in a program that is not ours', () => {
  let captured: Captured;
  beforeAll(async () => {
    captured = await captureProgram(
      {},
      { program: () => Promise.all(files.map((file) => import(file) as Promise<unknown>)).then(() => ({})) },
    );
  });

  itWithSchemas('declare what Azure Resource Manager takes', () => {
    expect(armReport(captured)).toMatch(/ 0 errors, /);
  });

  it('attach diagnostics, roles, locks and tags alike', () => {
    const attached = (type: string, part: string) =>
      ofType(captured, `azure-native:${type}`)
        .filter(({ name }) => name.startsWith(part))
        .map(({ inputs }) => inputs);
    expect(attached('monitor:DiagnosticSetting', 'environment')).toEqual([
      expect.objectContaining({ metrics: [{ category: 'AllMetrics', enabled: true }] }),
    ]);
    expect(attached('authorization:RoleAssignment', 'secrets-rotation')).toEqual([
      expect.objectContaining({
        principalType: 'ServicePrincipal',
        description: 'rotates the certificate',
        scope: expect.stringContaining('kv-plant-x7k2') as string,
      }),
    ]);
    expect(attached('authorization:RoleAssignment', 'registry-scanner')[0]?.roleDefinitionId).toMatch(
      /7f951dda-4ed3-4680-a7ca-43fe172d538d$/,
    );
    const [lock] = attached('authorization:ManagementLockByScope', 'archive');
    expect(lock).toMatchObject({
      level: 'CanNotDelete',
      scope: ofType(captured, 'azure-native:storage:StorageAccount').find(({ name }) => name === 'archive')?.id,
    });
    expect(
      captured.options
        .get('azure-native:authorization:ManagementLockByScope archive-lock')
        ?.dependencies.filter((urn) => urn.includes('BlobContainer')).length,
    ).toBe(1);
    expect(attached('storage:StorageAccount', 'archive')[0]).toMatchObject({ tags: { plant: 'nord' }, sku: { name: 'Standard_GZRS' } });
  });

  it('use a service principal that is there and make none', () => {
    expect(
      captured.registrations.filter(({ type, name }) => type.startsWith('azuread:') && name === 'site').map(({ type }) => type),
    ).toEqual(['azuread:index/application:Application', 'azuread:index/servicePrincipal:ServicePrincipal']);
  });
});
