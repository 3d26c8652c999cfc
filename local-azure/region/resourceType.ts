/** Inputs and outputs of a resource, plain JSON: secrets are unwrapped before, unknowns appear in previews only. */
export type Properties = Record<string, unknown>;
export const isObject = (value: unknown): value is Properties => typeof value === 'object' && value !== null && !Array.isArray(value);
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

/** What a preview would refuse, in Azure's words: code, message, and what to do. */
export class ResourceError extends Error {
  override readonly name = 'ResourceError';
  constructor(
    readonly code: string,
    message: string,
    readonly advice?: string,
  ) {
    super(advice === undefined ? `${code}: ${message}` : `${code}: ${message} ${advice}`);
  }
}

/** Value of an input that is not known yet (preview). */
export const unknownValue = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export interface CheckRequest {
  readonly name: string;
  readonly inputs: Properties;
  readonly preview: boolean;
}
export interface CreateRequest {
  readonly name: string;
  readonly urn: string;
  readonly inputs: Properties;
}
/** Create and Update have the semantics of an ARM PUT: doing it again with the same inputs changes nothing. */
export interface ResourceType {
  /** Pulumi type token, e.g. `azure-native:storage:StorageAccount`. */
  readonly token: string;
  /** Inputs (top-level, or paths such as `properties.vmSize`) whose change forces a replacement, each with the page or schema that says so. */
  readonly replaceOn: Readonly<Record<string, string>>;
  /** Inputs that the id is made of. A replacement that leaves them alone has the old one's name, which must be free first. */
  readonly identifiedBy?: readonly string[];
  /** Outputs, by path, that the service decides: unknown until it has answered, and never inputs of a resource that is read back. */
  readonly computed?: readonly string[];
  /** Those of them that are decided again by every update. */
  readonly computedByUpdate?: readonly string[];
  /** Outputs that may repeat anything of the inputs, and are secret as soon as one input is. */
  readonly echoes?: readonly string[];
  check(request: CheckRequest): { readonly inputs: Properties; readonly failures: readonly CheckFailure[] };
  /** The id is the ARM id. The outputs are complete: what Azure would answer, including the inputs. */
  create(request: CreateRequest): Promise<{ readonly id: string; readonly outputs: Properties }>;
  /** What the service has now. `known` is what the caller last saw, for what lives in the state only. */
  read(id: string, known?: Properties): Promise<Properties | undefined>;
  update(id: string, request: CreateRequest & { readonly old: Properties }): Promise<Properties>;
  /** Nothing to delete is success. */
  delete(id: string, old: Properties): Promise<void>;
}

/** A provider function such as `azure-native:authorization:getClientConfig`. */
export interface FunctionType {
  readonly token: string;
  invoke(args: Properties): Promise<Properties>;
}

/** What a service brings into the provider. */
export interface ProviderPart {
  readonly resources: readonly ResourceType[];
  readonly functions: readonly FunctionType[];
}
