import type { TokenCredential } from '@azure/identity';
import { Registry } from 'azure-iothub';
import { Http, type HttpCallback, type HttpMethod, type HttpRequestOptions } from 'azure-iothub/dist/common-http/http';
import { RestApiClient } from 'azure-iothub/dist/common-http/rest_api_client';
import type { X509 } from 'azure-iothub/dist/common-core/authorization';

const requestTimeoutMs = 20_000;

/** The SDK takes a host without a port only; this one reads `host[:port]` and adds the time limit that the SDK leaves out. */
class HostAndPortHttp extends Http {
  override buildRequest(
    method: HttpMethod,
    path: string,
    headers: Record<string, string | string[] | number>,
    host: string | { socketPath: string },
    options: X509 | HttpRequestOptions | HttpCallback,
    done?: HttpCallback,
  ) {
    const callback = typeof options === 'function' ? options : done;
    if (typeof host !== 'string' || !callback) throw new Error('expected a host name and a callback');
    const [name = '', port] = host.split(':');
    const request = super.buildRequest(method, path, headers, name, { port: Number(port ?? 443) }, callback);
    request.setTimeout(requestTimeoutMs, () =>
      request.destroy(Object.assign(new Error(`no answer from ${host} within ${requestTimeoutMs / 1_000} s`), { code: 'ETIMEDOUT' })),
    );
    return request;
  }
}

/** The device registry of an IoT hub; `host` has a port where it is not 443. */
export function iotHubRegistry(host: string, tokenCredential: TokenCredential): Registry {
  const config = { host, tokenCredential, tokenScope: 'https://iothubs.azure.net/.default' };
  return new Registry(config, new RestApiClient(config, 'factory-loop', new HostAndPortHttp()));
}
