import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request as plainRequest, type IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { makeKeyAndCertificate } from '../../deploy-programs/keyAndCertificate';
import { startAuthProxy } from '../../edge-sim/auth-proxy/authProxy';
import type { Running } from '../../contracts/program/run';
import { tenantId } from '../../local-azure/region/regionContext';
import { until } from './support/testRegion';
import { platformRegion, type PlatformRegion } from './support/platformRegion';
import { freePort } from './support/siteProcesses';

let region: PlatformRegion;
let upstream: Server;
let proxy: Running;
let port: number;
const received: { url: string; headers: IncomingMessage['headers']; bytes: number; digest: string }[] = [];
let firstBytes: () => void = () => undefined;
const url = (path: string) => `http://127.0.0.1:${port}${path}`;

beforeAll(async () => {
  region = await platformRegion();
  const pem = await makeKeyAndCertificate('site', new Date());
  const certificatePath = join(region.directory, 'site.pem');
  writeFileSync(certificatePath, pem);
  const { clientId, objectId } = region.entra.applications.register('site');
  region.entra.applications.addServicePrincipal(clientId);
  region.entra.applications.addCertificate(objectId, new X509Certificate(pem).toString());
  upstream = createServer({ key: region.context.tls.privateKey, cert: region.context.tls.certificate }, (request, response) => {
    if (request.url === '/broken') return void request.socket.destroy();
    if (request.url === '/moved') return void response.writeHead(307, { location: 'https://elsewhere.example/' }).end();
    if (request.url === '/packed')
      return void response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain' }).end(gzipSync('unpacked'));
    const hash = createHash('sha256');
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      firstBytes();
      bytes += chunk.length;
      hash.update(chunk);
    });
    request.on('end', () => {
      received.push({ url: request.url ?? '', headers: request.headers, bytes, digest: hash.digest('hex') });
      response.writeHead(202, { 'content-type': 'application/json', 'x-answer': 'kept' }).end('{"ok":true}');
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  port = await freePort();
  proxy = await startAuthProxy(
    {
      port,
      target: `localhost:${(upstream.address() as AddressInfo).port}`,
      scope: 'https://monitor.azure.com/.default',
      refreshPercentage: 10,
      identity: { tenantId, clientId, certificatePath, authorityHost: region.entra.authorityHost, disableInstanceDiscovery: true },
    },
    () => undefined,
  );
  let ready = false;
  await until(() => {
    void fetch(url('/ready')).then((answer) => {
      ready = answer.ok;
    });
    return ready;
  }, 'a token');
});
afterAll(async () => {
  await proxy.close();
  upstream.closeAllConnections();
  upstream.close();
  await region.stop();
});

it('passes method, path, query, headers and a large body on, with its own token and nothing of the connection', async () => {
  const body = randomBytes(12 * 1024 * 1024);
  const answer = await fetch(url('/a%20b//c?x=1&y=%2F'), {
    method: 'PUT',
    body,
    headers: { 'content-type': 'application/x-protobuf', 'x-own': '1', authorization: 'Bearer stolen', te: 'trailers' },
  });
  expect([answer.status, answer.headers.get('x-answer'), await answer.json()]).toEqual([202, 'kept', { ok: true }]);
  const last = received.at(-1);
  expect(last).toMatchObject({
    url: '/a%20b//c?x=1&y=%2F',
    bytes: body.length,
    digest: createHash('sha256').update(body).digest('hex'),
    headers: { 'content-type': 'application/x-protobuf', 'x-own': '1', host: `localhost:${(upstream.address() as AddressInfo).port}` },
  });
  expect(last?.headers['te']).toBeUndefined();
  expect(
    region.context.authority.verify(String(last?.headers.authorization).replace('Bearer ', ''), ['https://monitor.azure.com']).ok,
  ).toBe(true);
});

it('does not wait for the end of a body before it sends the first of it', async () => {
  const seen = new Promise<void>((resolve) => {
    firstBytes = resolve;
  });
  const outgoing = plainRequest(url('/slow'), { method: 'POST', headers: { 'content-type': 'text/plain' } });
  const answered = new Promise<number>((resolve) =>
    outgoing.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }),
  );
  outgoing.write('first');
  await seen;
  outgoing.end('last');
  expect(await answered).toBe(202);
});

it('hands answers back as they are: unpacked bodies without their old length, redirects unfollowed', async () => {
  const packed = await fetch(url('/packed'));
  expect([packed.headers.get('content-encoding'), await packed.text()]).toEqual([null, 'unpacked']);
  const moved = await fetch(url('/moved'), { redirect: 'manual' });
  expect([moved.status, moved.headers.get('location')]).toEqual([307, 'https://elsewhere.example/']);
});

it('answers 503 in its own words when the upstream breaks, and 400 to a target that is no path', async () => {
  const broken = await fetch(url('/broken'), { method: 'POST', body: 'x' });
  expect([broken.status, await broken.json()]).toEqual([
    503,
    { code: 'ServiceUnavailable', message: expect.stringContaining('fetch failed') },
  ]);
  const before = received.length;
  const status = await new Promise<number>((resolve, reject) => {
    plainRequest({ host: '127.0.0.1', port, path: 'http://elsewhere.example/x', method: 'GET' }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .once('error', reject)
      .end();
  });
  expect([status, received.length]).toEqual([400, before]);
});
