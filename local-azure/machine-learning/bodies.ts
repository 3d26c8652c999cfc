import { z } from 'zod';
import { userError } from './armResource';

/** Bodies of PUT requests; what is not named here is kept as it came, as the service does with newer properties. */
const words = z.record(z.string().max(1_000), z.string().max(100_000).nullable()).nullish();
const base = { description: z.string().max(100_000).nullish(), tags: words, properties: words, isArchived: z.boolean().nullish() };
const asset = { ...base, isAnonymous: z.boolean().nullish() };
const uri = z.string().min(1).max(4_000);

export const modelVersionBody = z.looseObject({ ...asset, modelUri: uri, modelType: z.string().nullish(), jobName: z.string().nullish() });
export const modelContainerBody = z.looseObject({ ...base });
export const dataVersionBody = z.looseObject({ ...asset, dataUri: uri, dataType: z.enum(['uri_file', 'uri_folder', 'mltable']) });
export const dataContainerBody = z.looseObject({ ...base, dataType: z.enum(['uri_file', 'uri_folder', 'mltable']) });
export const environmentVersionBody = z.looseObject({ ...asset, image: z.string().min(1).nullish() });
export const environmentContainerBody = z.looseObject({ ...base });

/** What Azure ML would do and this region does not is refused rather than left out silently. */
const notServed = (what: string) =>
  z
    .unknown()
    .refine((value) => value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0), {
      error: `this region runs jobs without ${what}: the image holds the code and the environment says where the data is`,
    })
    .optional();

export const commandJobBody = z.looseObject({
  ...base,
  jobType: z.literal('Command', { error: 'expected jobType Command, the only one that this region runs' }),
  command: z.string().min(1).max(100_000),
  environmentId: z.string().min(1),
  computeId: z.string().min(1),
  experimentName: z.string().max(255).default('Default'),
  displayName: z.string().max(255).nullish(),
  environmentVariables: z.record(z.string(), z.string().nullable()).nullish(),
  identity: z
    .looseObject({
      identityType: z.enum(['AMLToken', 'Managed', 'UserIdentity']),
      clientId: z.string().optional(),
      objectId: z.string().optional(),
      resourceId: z.string().optional(),
    })
    .nullish(),
  limits: z
    .looseObject({
      timeout: z
        .string()
        .regex(/^P(?=.)(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?$/, 'expected an ISO 8601 duration such as PT1H')
        .optional(),
    })
    .nullish(),
  resources: z.looseObject({ instanceCount: z.number().int().positive().nullish() }).nullish(),
  codeId: notServed('codeId'),
  distribution: notServed('distribution'),
  inputs: notServed('inputs'),
  outputs: notServed('outputs'),
});
export type CommandJobBody = z.output<typeof commandJobBody>;

const assetName = /^[a-zA-Z0-9][\w.-]{0,254}$/;
const assetVersion = /^[a-zA-Z0-9][\w.-]{0,29}$/;

export function parseProperties<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = z.looseObject({ properties: schema }).safeParse(body);
  if (result.success) return (result.data as { properties: z.output<T> }).properties;
  throw userError(
    `The request is invalid: ${result.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; ')}`,
  );
}
export function checkAssetName(name: string, version?: string): void {
  if (!assetName.test(name)) throw userError(`The name '${name}' is invalid: expected up to 255 letters, digits, '-', '_' and '.'.`);
  if (version !== undefined && !assetVersion.test(version))
    throw userError(`The version '${version}' is invalid: expected up to 30 letters, digits, '-', '_' and '.'.`);
}

/** Milliseconds of an ISO 8601 duration of days, hours, minutes and seconds. */
export function durationMs(duration: string): number {
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] =
    /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration) ?? [];
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
}
