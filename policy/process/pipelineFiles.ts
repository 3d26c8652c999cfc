import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parse } from 'yaml';

/** YAML as Azure Pipelines reads it: every scalar is text. */
export type Node = string | readonly Node[] | { readonly [key: string]: Node };
/** What holds the process: pipelines and their templates as YAML, the gate's scripts as text; by path. */
export interface ProcessFiles {
  readonly yaml: Readonly<Record<string, Node>>;
  readonly text: Readonly<Record<string, string>>;
}

export const mainPipeline = 'azure-pipelines.yml';
export const certificatePipeline = '.azure-pipelines/certificates.yml';
const folder = '.azure-pipelines';
const scripts = ['.ci/run', '.ci/secret-scan'];

export function readProcessFiles(root: string): ProcessFiles {
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  const pipelines = [
    mainPipeline,
    ...readdirSync(join(root, folder))
      .sort()
      .map((file) => `${folder}/${file}`),
  ];
  return {
    yaml: Object.fromEntries(pipelines.map((file) => [file, parse(read(file), { schema: 'failsafe' }) as Node])),
    text: Object.fromEntries(scripts.map((file) => [file, read(file)])),
  };
}

export const isMapping = (node: Node | undefined): node is { readonly [key: string]: Node } =>
  typeof node === 'object' && !Array.isArray(node);
export const listOf = (node: Node | undefined): readonly Node[] => (Array.isArray(node) ? (node as readonly Node[]) : []);
export const textOf = (node: Node | undefined): string => (typeof node === 'string' ? node : '');

/** Parameters of a template: what is given, else its default. Throws on one that is neither, and on one that the template does not know. */
function parametersOf(template: Node, given: Node | undefined, file: string): Readonly<Record<string, string>> {
  const known = listOf(isMapping(template) ? template['parameters'] : undefined).filter(isMapping);
  const values = isMapping(given) ? given : {};
  const stranger = Object.keys(values).find((name) => !known.some((parameter) => parameter['name'] === name));
  if (stranger !== undefined) throw new Error(`${file} has no parameter ${stranger}`);
  return Object.fromEntries(
    known.map((parameter) => {
      const name = textOf(parameter['name']);
      const value = values[name] ?? parameter['default'];
      if (typeof value !== 'string') throw new Error(`${file}: expected a value for its parameter ${name}`);
      return [name, value];
    }),
  );
}

function withParameters(text: string, parameters: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    const value = parameters[/^parameters\.(\w+)$/.exec(expression)?.[1] ?? ''];
    if (value === undefined) throw new Error(`\${{ ${expression} }}: expected a parameter of the template`);
    return value;
  });
}

const lists = ['stages', 'jobs', 'steps', 'variables'] as const;

/** A node with its templates put in. */
function expanded(node: Node, file: string, parameters: Readonly<Record<string, string>>, yaml: ProcessFiles['yaml']): Node {
  if (typeof node === 'string') return withParameters(node, parameters);
  if (!isMapping(node)) {
    return node.flatMap((element): readonly Node[] => {
      if (!isMapping(element) || element['template'] === undefined) return [expanded(element, file, parameters, yaml)];
      const path = posix.join(posix.dirname(file), textOf(element['template']));
      const template = yaml[path];
      const list = lists.find((name) => isMapping(template) && template[name] !== undefined);
      if (!isMapping(template) || list === undefined) throw new Error(`${file}: there is no template ${path}`);
      const given = element['parameters'] === undefined ? undefined : expanded(element['parameters'], file, parameters, yaml);
      return listOf(expanded(template[list] ?? [], path, parametersOf(template, given, path), yaml));
    });
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, expanded(value, file, parameters, yaml)]));
}

/** A pipeline with its templates put in, as Azure Pipelines runs it. */
export function expandedPipeline({ yaml }: ProcessFiles, file: string): { readonly [key: string]: Node } {
  const pipeline = yaml[file];
  if (!isMapping(pipeline)) throw new Error(`there is no pipeline ${file}`);
  return expanded(pipeline, file, {}, yaml) as { readonly [key: string]: Node };
}
