import * as grpc from '@grpc/grpc-js';
import { version as azureNativeVersion } from '@pulumi/azure-native/package.json';
import { version as azureadVersion } from '@pulumi/azuread/package.json';
import { version as commandVersion } from '@pulumi/command/package.json';
import { version as randomVersion } from '@pulumi/random/package.json';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import { ResourceProviderService } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as messages from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import type { EngineProvider, EngineValues } from './engineProvider';
import { changesBetween, pathText, type Difference } from './propertyDiff';
import { ResourceError, type CheckFailure } from '../region/resourceType';

/** One server answers for all of them, so it says the version that is enough for each. */
const packages = { 'azure-native': azureNativeVersion, azuread: azureadVersion, random: randomVersion, command: commandVersion };
const newest =
  Object.values(packages)
    .sort((version, other) => version.localeCompare(other, 'en', { numeric: true }))
    .at(-1) ?? '';
const maxMessageBytes = 64 * 1024 * 1024;
const shutdownMs = 5_000;
type Log = (service: string, message: string, detail?: Record<string, unknown>) => void;

const values = (struct: Struct | undefined): EngineValues => (struct?.toJavaScript() ?? {}) as EngineValues;
/** A Struct takes no undefined. */
const structOf = (given: EngineValues): Struct => Struct.fromJavaScript(JSON.parse(JSON.stringify(given)) as Record<string, never>);
const failuresOf = (failures: readonly CheckFailure[]) =>
  failures.map(({ property, reason }) => new messages.CheckFailure().setProperty(property).setReason(reason));
/** Engines of before leave name and type to be read from the URN. */
function addressed(request: { getUrn(): string; getName(): string; getType(): string }): { urn: string; name: string; type: string } {
  const urn = request.getUrn();
  const [, , qualified = '', name = ''] = urn.split('::');
  return { urn, name: request.getName() || name, type: request.getType() || (qualified.split('$').pop() ?? '') };
}

function diffResponse({ changes, deleteBeforeReplace }: Difference): messages.DiffResponse {
  const { Kind } = messages.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  } as const;
  const response = new messages.DiffResponse().setHasdetaileddiff(true).setDeletebeforereplace(deleteBeforeReplace);
  response.setChanges(changes.length > 0 ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE);
  response.setDiffsList([...new Set(changes.map(({ path }) => String(path[0])))]);
  response.setReplacesList([...new Set(changes.filter(({ replaces }) => replaces).map(({ path }) => String(path[0])))]);
  for (const { path, kind, replaces } of changes)
    response
      .getDetaileddiffMap()
      .set(pathText(path), new messages.PropertyDiff().setKind(kinds[kind][replaces ? 1 : 0]).setInputdiff(true));
  return response;
}

/** Nothing of a refused request was done, which is not sure of any other failure: the engine then keeps the operation as pending. */
function statusOf(error: unknown): grpc.StatusObject {
  const refused = error instanceof ResourceError;
  return {
    code: refused ? grpc.status.FAILED_PRECONDITION : grpc.status.UNKNOWN,
    details: error instanceof Error ? error.message : String(error),
    metadata: new grpc.Metadata(),
  };
}

/** The provider of azure-native, azuread, random and command for a real Pulumi engine, on loopback. */
export class ProviderServer {
  private constructor(
    private readonly server: grpc.Server,
    readonly port: number,
  ) {}

  static async start(provider: EngineProvider, log: Log): Promise<ProviderServer> {
    const server = new grpc.Server({ 'grpc.max_receive_message_length': maxMessageBytes, 'grpc.max_send_message_length': maxMessageBytes });
    server.addService(ResourceProviderService, implementation(provider, log));
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
    );
    return new ProviderServer(server, port);
  }

  /** Value of PULUMI_DEBUG_PROVIDERS that makes an engine use this server. */
  get attachment(): string {
    return Object.keys(packages)
      .map((name) => `${name}:${this.port}`)
      .join(',');
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.server.forceShutdown();
        resolve();
      }, shutdownMs);
      this.server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function implementation(provider: EngineProvider, log: Log): grpc.UntypedServiceImplementation {
  const answer =
    <Request, Response>(
      name: string,
      handle: (request: Request) => Response | Promise<Response>,
    ): grpc.handleUnaryCall<Request, Response> =>
    (call, callback) => {
      Promise.resolve()
        .then(() => handle(call.request))
        .then(
          (response) => callback(null, response),
          (error: unknown) => {
            log('provider', `${name} failed`, { error: error instanceof Error ? error.message : String(error) });
            callback(statusOf(error));
          },
        );
    };
  return {
    handshake: answer('Handshake', () => new messages.ProviderHandshakeResponse().setAcceptSecrets(true)),
    attach: answer('Attach', () => new Empty()),
    getPluginInfo: answer('GetPluginInfo', () => new PluginInfo().setVersion(newest)),
    cancel: answer('Cancel', () => new Empty()),
    checkConfig: answer('CheckConfig', (request: messages.CheckRequest) => new messages.CheckResponse().setInputs(request.getNews())),
    // Where the region is comes from the environment of the engine, never from the provider's configuration.
    diffConfig: answer('DiffConfig', (request: messages.DiffRequest) =>
      diffResponse({
        changes: changesBetween(values(request.getOldInputs()), values(request.getNews())).map((change) => ({
          ...change,
          replaces: false,
        })),
        deleteBeforeReplace: false,
      }),
    ),
    configure: answer('Configure', () => new messages.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true)),
    check: answer('Check', (request: messages.CheckRequest) => {
      const { inputs, failures } = provider.check(addressed(request), values(request.getNews()));
      return new messages.CheckResponse().setInputs(structOf(inputs)).setFailuresList(failuresOf(failures));
    }),
    diff: answer('Diff', (request: messages.DiffRequest) =>
      diffResponse(
        provider.diff(addressed(request), values(request.getOldInputs()), values(request.getNews()), request.getIgnorechangesList()),
      ),
    ),
    create: answer('Create', async (request: messages.CreateRequest) => {
      const { id, outputs } = await provider.create(addressed(request), values(request.getProperties()), request.getPreview());
      return new messages.CreateResponse().setId(id).setProperties(structOf(outputs));
    }),
    read: answer('Read', async (request: messages.ReadRequest) => {
      const found = await provider.read(addressed(request), request.getId(), {
        outputs: values(request.getProperties()),
        inputs: values(request.getInputs()),
      });
      return found
        ? new messages.ReadResponse().setId(request.getId()).setProperties(structOf(found.outputs)).setInputs(structOf(found.inputs))
        : new messages.ReadResponse();
    }),
    update: answer('Update', async (request: messages.UpdateRequest) =>
      new messages.UpdateResponse().setProperties(
        structOf(
          await provider.update(
            addressed(request),
            request.getId(),
            values(request.getOlds()),
            values(request.getNews()),
            request.getPreview(),
          ),
        ),
      ),
    ),
    delete: answer('Delete', async (request: messages.DeleteRequest) => {
      await provider.delete(addressed(request), request.getId(), values(request.getProperties()));
      return new Empty();
    }),
    invoke: answer('Invoke', async (request: messages.InvokeRequest) =>
      new messages.InvokeResponse().setReturn(structOf(await provider.invoke(request.getTok(), values(request.getArgs())))),
    ),
  };
}
