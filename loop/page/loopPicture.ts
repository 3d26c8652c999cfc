import type { StepResult } from '../report';
import { text } from './markup';

/** A place of the loop, with the steps that show its work; column and row are its place in the wide picture. */
interface Place {
  readonly name: string;
  readonly steps: readonly string[];
  readonly column: number;
  readonly row: number;
  readonly zone: 'azure' | 'factory';
}

const places: readonly Place[] = [
  { name: 'data pipeline', steps: ['1a', '1b'], column: 0, row: 0, zone: 'azure' },
  { name: 'model development', steps: ['2', '3a', '3b'], column: 1, row: 0, zone: 'azure' },
  { name: 'validate and package', steps: ['4', '5a', '5b'], column: 2, row: 0, zone: 'azure' },
  { name: 'tag and deliver', steps: ['6', '7'], column: 3, row: 0, zone: 'azure' },
  { name: 'delivery', steps: ['8a', '8b', '8c', '8d'], column: 4, row: 0, zone: 'azure' },
  { name: 'AI Model Manager', steps: ['9'], column: 4, row: 2, zone: 'factory' },
  { name: 'AI Inference Server', steps: ['10'], column: 3, row: 2, zone: 'factory' },
  { name: 'AI Model Monitor', steps: ['11'], column: 2, row: 2, zone: 'factory' },
  { name: 'Azure Monitor', steps: ['12'], column: 2, row: 1, zone: 'azure' },
  { name: 'data collector, hub', steps: ['13a', '13b'], column: 0, row: 2, zone: 'factory' },
  { name: 'landing zone', steps: ['13c'], column: 0, row: 1, zone: 'azure' },
];
type State = 'ok' | 'bad' | 'none';

/** Bad in one round is bad. */
export function stateOf(id: string, steps: readonly StepResult[]): State {
  const results = steps.filter((step) => step.id === id);
  if (results.length === 0) return 'none';
  return results.every((step) => step.ok) ? 'ok' : 'bad';
}

const box = { width: 184, height: 66 };
const said: Readonly<Record<State, string>> = { ok: 'done', bad: 'failed', none: 'not reached' };

function placeBox({ name, steps, zone }: Place, x: number, y: number, results: readonly StepResult[]): string {
  const chips = steps.map((id, index) => {
    const state = stateOf(id, results);
    const title = results.find((step) => step.id === id)?.title ?? '';
    return `<g class="chip ${state}"><title>${text(`step ${id}${title === '' ? '' : `, ${title}`}: ${said[state]}`)}</title><rect x="${x + 12 + index * 38}" y="${y + 35}" width="34" height="20" rx="10"/><text x="${x + 29 + index * 38}" y="${y + 49}" text-anchor="middle">${text(id)}</text></g>`;
  });
  return `<g class="place ${zone}"><rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="10"/><text class="name" x="${x + 12}" y="${y + 24}">${text(name)}</text>${chips.join('')}</g>`;
}

const arrow = (path: string, label?: { readonly words: string; readonly x: number; readonly y: number }) =>
  `<path class="arrow" d="${path}"/>${label ? `<text class="label" x="${label.x}" y="${label.y}">${text(label.words)}</text>` : ''}`;
/** Each picture has its own arrow head: one of a hidden picture would not be drawn. */
const tip = (name: string) =>
  `<defs><marker id="${name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>`;

/** The loop as a ring: Azure above, the factory below. */
function widePicture(results: readonly StepResult[]): string {
  const x = (column: number) => 24 + column * 213;
  const y = (row: number) => [44, 150, 290][row] ?? 0;
  const middle = (column: number) => x(column) + box.width / 2;
  const right = (from: number, row: number) => arrow(`M${x(from) + box.width} ${y(row) + 33}H${x(from + 1) - 3}`);
  const left = (from: number, row: number) => arrow(`M${x(from)} ${y(row) + 33}H${x(from - 1) + box.width + 3}`);
  const up = (column: number, from: number, to: number) => arrow(`M${middle(column)} ${y(from)}V${y(to) + box.height + 3}`);
  const bottom = y(2) + box.height;
  return `<svg class="wide" viewBox="0 0 1084 404" role="img" aria-label="The loop and the state of its steps">${tip('wide-tip')}
<rect class="zone azure" x="8" y="10" width="1068" height="222" rx="14"/><text class="zoneName" x="24" y="32">Azure</text>
<rect class="zone factory" x="8" y="252" width="1068" height="144" rx="14"/><text class="zoneName" x="24" y="276">Factory</text>
${[0, 1, 2, 3].map((column) => right(column, 0)).join('')}
${arrow(`M${middle(4)} ${y(0) + box.height}V${y(2) - 3}`, { words: 'package, over IoT Hub', x: middle(4) - 138, y: 206 })}
${left(4, 2)}${left(3, 2)}${up(2, 2, 1)}${up(0, 2, 1)}${up(0, 1, 0)}
${arrow(`M${middle(3)} ${bottom}v12q0 8 -8 8H${middle(0) + 8}q-8 0 -8 -8v-9`, { words: 'inputs and results', x: middle(1) - 10, y: bottom + 15 })}
${places.map((place) => placeBox(place, x(place.column), y(place.row), results)).join('')}</svg>`;
}

/** The same ring for a narrow screen: one place below the other, the way back along the edge. */
function narrowPicture(results: readonly StepResult[]): string {
  const order = [
    'data pipeline',
    'model development',
    'validate and package',
    'tag and deliver',
    'delivery',
    'AI Model Manager',
    'AI Inference Server',
    'AI Model Monitor',
    'Azure Monitor',
    'data collector, hub',
    'landing zone',
  ];
  const y = (index: number) => 12 + index * 92;
  const at = (name: string) => order.indexOf(name);
  const centre = 70 + box.width / 2;
  const right = 70 + box.width;
  const down = order
    .slice(1)
    .map((_, index) =>
      order[index + 1] === 'data collector, hub' ? '' : arrow(`M${centre} ${y(index) + box.height}V${y(index + 1) - 3}`),
    );
  const server = y(at('AI Inference Server')) + 33;
  const hub = y(at('data collector, hub')) + 33;
  return `<svg class="narrow" viewBox="0 0 312 ${y(order.length - 1) + box.height + 12}" role="img" aria-label="The loop and the state of its steps">${tip('narrow-tip')}
${down.join('')}${arrow(`M${right} ${server}h28q10 0 10 10V${hub - 10}q0 10 -10 10H${right + 3}`)}
${arrow(`M70 ${y(at('landing zone')) + 33}H40q-10 0 -10 -10V${y(0) + 43}q0 -10 10 -10H67`)}
${order.flatMap((name, index) => places.filter((place) => place.name === name).map((place) => placeBox(place, 70, y(index), results))).join('')}</svg>`;
}

export const loopPicture = (results: readonly StepResult[]): string =>
  `<div class="picture">${widePicture(results)}${narrowPicture(results)}</div>`;
