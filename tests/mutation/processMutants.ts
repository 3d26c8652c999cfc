import { isMapping, listOf, textOf, type Node, type ProcessFiles } from '../../policy/process/pipelineFiles';
import type { Process } from '../../policy/process/processModel';
import type { ProcessRule } from '../../policy/process/processRules';
import type { ProcessRow } from './processRows';

/** Where the parts of a node are that have names. */
const lists = [['stages'], ['jobs'], ['steps'], ['strategy', 'runOnce', 'deploy', 'steps'], ['schedules'], ['variables']] as const;

/** Name of a stage, job or step; that of a template is what its parameters say, without what differs by stack. */
function nameOf(node: Node): string {
  if (!isMapping(node)) return '';
  const parameters = isMapping(node['parameters']) ? node['parameters'] : {};
  const name =
    node['stage'] ??
    node['job'] ??
    node['deployment'] ??
    node['name'] ??
    parameters['name'] ??
    parameters['stack'] ??
    (node['publish'] === undefined ? undefined : 'publish') ??
    (node['checkout'] === undefined ? undefined : 'checkout') ??
    (node['cron'] === undefined ? undefined : 'cron') ??
    '';
  return textOf(name).replaceAll(/_?\$\{\{.*?\}\}/g, '');
}

function withoutText(node: Node, text: string): Node {
  if (typeof node === 'string') return node.replace(text, '');
  return isMapping(node)
    ? Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withoutText(value, text)]))
    : node.map((one) => withoutText(one, text));
}

/** The node at the path through `change`; what `change` gives nothing for is dropped. */
function changed(node: Node, [segment = '', ...rest]: readonly string[], change: (node: Node) => Node | undefined): Node {
  const next = (value: Node): Node | undefined => (rest.length === 0 ? change(value) : changed(value, rest, change));
  if (!isMapping(node)) return node;
  if (node[segment] !== undefined) {
    const value = next(node[segment]);
    return Object.fromEntries(
      Object.entries(node).flatMap(([key, old]) => (key !== segment ? [[key, old]] : value === undefined ? [] : [[key, value]])),
    );
  }
  const inList = ([key = '', ...deeper]: readonly string[], within: Node): Node => {
    if (!isMapping(within) || within[key] === undefined) return within;
    const inner = within[key];
    return {
      ...within,
      [key]:
        deeper.length > 0
          ? inList(deeper, inner)
          : listOf(inner).flatMap((one) => (nameOf(one) === segment ? [next(one)].filter((left) => left !== undefined) : [one])),
    };
  };
  return lists.reduce<Node>((whole, list) => inList(list, whole), node);
}

/** The process without what the row names; undefined when there is no such thing. */
export function processMutant(files: ProcessFiles, { file, place, text }: ProcessRow): ProcessFiles | undefined {
  const script = files.text[file];
  if (script !== undefined) {
    const left = script
      .split('\n')
      .flatMap((line) => (!line.includes(place) ? [line] : text === undefined ? [] : [line.replace(text, '')]))
      .join('\n');
    return left === script ? undefined : { ...files, text: { ...files.text, [file]: left } };
  }
  const pipeline = files.yaml[file];
  if (pipeline === undefined) return undefined;
  const left = changed(pipeline, place.split('/'), (node) => (text === undefined ? undefined : withoutText(node, text)));
  return JSON.stringify(left) === JSON.stringify(pipeline) ? undefined : { ...files, yaml: { ...files.yaml, [file]: left } };
}

/** Rows whose step can go without their rule noticing, as text. */
export function processSurvivors(
  rows: readonly ProcessRow[],
  files: ProcessFiles,
  rules: readonly ProcessRule[],
  processOf: (files: ProcessFiles) => Process,
): string[] {
  return rows.flatMap((row) => {
    const rule = rules.find(({ name }) => name === row.rule);
    const mutant = processMutant(files, row);
    const place = `${row.file}: ${row.place}${row.text === undefined ? '' : ` without ${row.text}`}`;
    if (rule === undefined) return [`${place}: there is no rule ${row.rule}`];
    if (mutant === undefined) return [`${place}: there is no such step`];
    return rule.judge(processOf(mutant)).length === 0 ? [`${row.rule} did not notice ${place}`] : [];
  });
}
