import type { CheckFailure, Properties } from './resourceType';

/** A kind of resource that a service lets a nested deployment set. */
export interface TemplateResource {
  readonly armType: string;
  readonly faults: (properties: Properties) => readonly CheckFailure[];
  /** Sets the resource of these names, outermost first, and says its ARM id. */
  readonly set: (resourceGroup: string, names: readonly string[], properties: Properties) => string;
}
