import { ArmError } from '../../local-azure/region/serviceInterfaces';
import { subscriptionId } from '../../local-azure/region/regionContext';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { decodedPath } from '../../local-azure/resource-manager/resourceManager';
import { platformRegion, type PlatformRegion } from './support/platformRegion';

let region: PlatformRegion;
let reader: Principal;
const things = `/subscriptions/${subscriptionId}/resourceGroups/rg/providers/Microsoft.Sample/things`;
const thing = /(?<id>\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Sample\/things\/(?<name>[^/]+))/;

beforeAll(async () => {
  region = await platformRegion();
  reader = region.identity('reader');
  region.assign(reader, 'reader', `/subscriptions/${subscriptionId}`);
  const scope = (match: RegExpExecArray) => match.groups?.['id'] ?? '';
  region.resourceManager.addRoutes([
    {
      method: 'GET',
      pattern: thing,
      action: () => 'Microsoft.Sample/things/read',
      scope,
      handle: async ({ match, principal }) => {
        if (match.groups?.['name'] === 'missing') throw new ArmError(404, 'ResourceNotFound', 'no such thing');
        if (match.groups?.['name'] === 'broken') throw new Error('inner detail');
        return { status: 200, body: { name: match.groups?.['name'], reader: principal.displayName } };
      },
    },
    {
      method: 'PUT',
      pattern: thing,
      action: () => 'Microsoft.Sample/things/write',
      scope,
      handle: async ({ body }) => ({ status: 201, body }),
    },
  ]);
});
afterAll(() => region.stop());

async function call(
  path: string,
  {
    who = reader,
    audience = 'https://management.azure.com',
    method = 'GET',
    body,
    token,
    version = '?api-version=2024-01-01',
  }: { who?: Principal; audience?: string; method?: string; body?: string; token?: string | null; version?: string } = {},
) {
  const bearer = token === undefined ? region.context.authority.issue(who, audience).token : token;
  const response = await fetch(`${region.resourceManager.endpoint}${path}${version}`, {
    method,
    headers: bearer === null ? {} : { authorization: `Bearer ${bearer}` },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? undefined : (JSON.parse(text) as { error?: { code: string; message: string } }),
    challenge: response.headers.get('www-authenticate'),
  };
}

it('hands a request to its route, whatever the case of the path, under the role of the caller', async () => {
  expect(await call(`${things}/One`)).toMatchObject({ status: 200, body: { name: 'One', reader: 'reader' } });
  expect((await call(`${things}/a%20b/`.replace('resourceGroups', 'RESOURCEGROUPS'))).body).toMatchObject({ name: 'a b' });
  expect((await call(`${things}/one`, { audience: region.resourceManager.endpoint })).status).toBe(200);
  const refused = await call(`${things}/one`, { method: 'PUT', body: '{}' });
  expect(refused).toMatchObject({
    status: 403,
    body: {
      error: { code: 'AuthorizationFailed', message: expect.stringContaining("'Microsoft.Sample/things/write' over scope") as unknown },
    },
  });
  expect((await call(`${things}/one`, { method: 'PUT', body: '{"a":1}', who: region.entra.deployer })).body).toEqual({ a: 1 });
});

it('wants a token for Resource Manager before it says anything about a path', async () => {
  for (const path of [`${things}/one`, '/nothing/here']) {
    expect(await call(path, { token: null })).toMatchObject({
      status: 401,
      body: { error: { code: 'InvalidAuthenticationToken' } },
      challenge: expect.stringContaining('authorization_uri') as unknown,
    });
    expect((await call(path, { audience: 'https://storage.azure.com' })).status).toBe(401);
    expect((await call(path, { token: `${region.context.authority.issue(reader, 'https://management.azure.com').token}x` })).status).toBe(
      401,
    );
  }
});

it('answers errors in the shape that clients read', async () => {
  const deployer = { who: region.entra.deployer };
  expect((await call(`${things}/missing`)).body?.error).toEqual({ code: 'ResourceNotFound', message: 'no such thing' });
  const broken = await call(`${things}/broken`);
  expect(broken).toMatchObject({ status: 500, body: { error: { code: 'InternalServerError' } } });
  expect(JSON.stringify(broken.body)).not.toContain('inner detail');
  expect(await call(`${things}/one`, { version: '' })).toMatchObject({
    status: 400,
    body: { error: { code: 'MissingApiVersionParameter' } },
  });
  expect(await call(`${things}/one`, { ...deployer, method: 'PUT', body: '{' })).toMatchObject({
    status: 400,
    body: { error: { code: 'InvalidRequestContent' } },
  });
  expect(await call(`${things}/one`, { ...deployer, method: 'PUT', body: JSON.stringify('x'.repeat(5 * 1024 * 1024)) })).toMatchObject({
    status: 413,
  });
  expect(await call(`${things}/one`, { ...deployer, method: 'DELETE' })).toMatchObject({ status: 405 });
  expect(await call(things.replace('things', 'others/one'))).toMatchObject({
    status: 404,
    body: { error: { code: 'InvalidResourceType' } },
  });
  expect(() => decodedPath('/%zz')).toThrow(/not percent-encoded/);
});
