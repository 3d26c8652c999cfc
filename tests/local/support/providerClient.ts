import * as grpc from '@grpc/grpc-js';
import { PluginAttach } from '@pulumi/pulumi/proto/plugin_pb';
import { ResourceProviderClient } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as messages from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import type { Properties } from '../../../local-azure/region/resourceType';

const structOf = (given: Properties) => Struct.fromJavaScript(JSON.parse(JSON.stringify(given)) as Record<string, never>);
const values = (struct: Struct | undefined) => (struct?.toJavaScript() ?? {}) as Properties;
export const secret = (value: unknown) => ({ '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270', value });

export interface Difference {
  readonly changed: boolean;
  readonly replaces: readonly string[];
  readonly detailed: Readonly<Record<string, string>>;
  readonly deleteBeforeReplace: boolean;
}
const kinds = ['add', 'add-replace', 'delete', 'delete-replace', 'update', 'update-replace'];

/** What an engine asks a provider, through the engine's own gRPC client. */
export class ProviderClient {
  private readonly client: ResourceProviderClient;
  constructor(port: number) {
    this.client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    });
  }
  close(): void {
    this.client.close();
  }
  private call<Request, Response>(
    method: (request: Request, callback: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
    request: Request,
  ): Promise<Response> {
    return new Promise(
      (resolve, reject) => void method.call(this.client, request, (error, response) => (error ? reject(error) : resolve(response))),
    );
  }
  private urn = (type: string, name: string) => `urn:pulumi:test::factory-loop::${type}::${name}`;
  private addressed<T extends { setUrn(urn: string): T; setName(name: string): T; setType(type: string): T }>(
    request: T,
    type: string,
    name: string,
  ): T {
    return request.setUrn(this.urn(type, name)).setName(name).setType(type);
  }

  async attach(): Promise<{ acceptsSecrets: boolean; supportsPreview: boolean; version: string }> {
    await this.call<PluginAttach, Empty>(this.client.attach, new PluginAttach().setAddress('127.0.0.1:1'));
    const configured = await this.call<messages.ConfigureRequest, messages.ConfigureResponse>(
      this.client.configure,
      new messages.ConfigureRequest().setAcceptsecrets(true),
    );
    const info = await this.call<Empty, { getVersion(): string }>(this.client.getPluginInfo, new Empty());
    return { acceptsSecrets: configured.getAcceptsecrets(), supportsPreview: configured.getSupportspreview(), version: info.getVersion() };
  }
  async check(
    type: string,
    name: string,
    news: Properties,
  ): Promise<{ inputs: Properties; failures: { property: string; reason: string }[] }> {
    const answer = await this.call<messages.CheckRequest, messages.CheckResponse>(
      this.client.check,
      this.addressed(new messages.CheckRequest(), type, name).setOlds(structOf({})).setNews(structOf(news)),
    );
    return {
      inputs: values(answer.getInputs()),
      failures: answer.getFailuresList().map((one) => ({ property: one.getProperty(), reason: one.getReason() })),
    };
  }
  async diff(
    type: string,
    name: string,
    id: string,
    oldInputs: Properties,
    news: Properties,
    ignoreChanges: string[] = [],
  ): Promise<Difference> {
    const request = this.addressed(new messages.DiffRequest(), type, name)
      .setId(id)
      .setOlds(structOf({}))
      .setOldInputs(structOf(oldInputs))
      .setNews(structOf(news))
      .setIgnorechangesList(ignoreChanges);
    const answer = await this.call<messages.DiffRequest, messages.DiffResponse>(this.client.diff, request);
    const detailed = Object.fromEntries(
      [...answer.getDetaileddiffMap().entries()].map(([path, one]) => [path, kinds[one.getKind()] ?? '']),
    );
    return {
      changed: answer.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: answer.getReplacesList(),
      detailed,
      deleteBeforeReplace: answer.getDeletebeforereplace(),
    };
  }
  async create(type: string, name: string, inputs: Properties, preview = false): Promise<{ id: string; outputs: Properties }> {
    const answer = await this.call<messages.CreateRequest, messages.CreateResponse>(
      this.client.create,
      this.addressed(new messages.CreateRequest(), type, name).setProperties(structOf(inputs)).setPreview(preview),
    );
    return { id: answer.getId(), outputs: values(answer.getProperties()) };
  }
  async read(
    type: string,
    name: string,
    id: string,
    known: { outputs?: Properties; inputs?: Properties } = {},
  ): Promise<{ id: string; outputs: Properties; inputs: Properties }> {
    const request = this.addressed(new messages.ReadRequest(), type, name)
      .setId(id)
      .setProperties(structOf(known.outputs ?? {}))
      .setInputs(structOf(known.inputs ?? {}));
    const answer = await this.call<messages.ReadRequest, messages.ReadResponse>(this.client.read, request);
    return { id: answer.getId(), outputs: values(answer.getProperties()), inputs: values(answer.getInputs()) };
  }
  async update(type: string, name: string, id: string, olds: Properties, news: Properties, preview = false): Promise<Properties> {
    const request = this.addressed(new messages.UpdateRequest(), type, name)
      .setId(id)
      .setOlds(structOf(olds))
      .setNews(structOf(news))
      .setPreview(preview);
    return values((await this.call<messages.UpdateRequest, messages.UpdateResponse>(this.client.update, request)).getProperties());
  }
  async delete(type: string, name: string, id: string, outputs: Properties): Promise<void> {
    await this.call<messages.DeleteRequest, Empty>(
      this.client.delete,
      this.addressed(new messages.DeleteRequest(), type, name).setId(id).setProperties(structOf(outputs)),
    );
  }
  async invoke(token: string, args: Properties): Promise<Properties> {
    return values(
      (
        await this.call<messages.InvokeRequest, messages.InvokeResponse>(
          this.client.invoke,
          new messages.InvokeRequest().setTok(token).setArgs(structOf(args)),
        )
      ).getReturn(),
    );
  }
}
