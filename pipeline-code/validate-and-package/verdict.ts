import { type ModelSignature } from '../../contracts/modelCatalog';

/** What the gate says about a model. */
export interface Verdict { readonly passed: boolean; readonly figures: Readonly<Record<string, unknown>>; readonly failed: readonly { readonly figure: string; readonly value: number; readonly limit: number }[] }
export type Judge = (model: { readonly onnx: Buffer; readonly signature: ModelSignature }, windowsFile: string) => Promise<Verdict>;

/** Azure ML keeps tag values up to this length. */
const maximumTagLength = 256;
const short = (text: string) => (text.length <= maximumTagLength ? text : `${text.slice(0, maximumTagLength - 1)}…`);
const rounded = (value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value);

export const rejectionTags = (reason: string): Record<string, string> => ({ stage: 'rejected', rejectedBecause: short(reason) });
export const failedFigures = (verdict: Verdict) => verdict.failed.map(({ figure, value, limit }) => `${figure} ${String(rounded(value))} (limit ${limit})`).join('; ');
export const figuresTag = (verdict: Verdict) => short(Object.entries(verdict.figures).filter(([, value]) => typeof value === 'number').map(([name, value]) => `${name}=${String(rounded(value))}`).join(' '));
