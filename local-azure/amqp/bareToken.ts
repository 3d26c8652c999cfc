/** The JWT of a put-token request: Event Hubs clients send it bare as `jwt`, IoT Hub clients as a `sastoken` that starts with Bearer. */
export function bareToken(type: string, body: unknown): string | undefined {
  if (typeof body !== 'string' || body.length > 16_384) return undefined;
  if (type === 'jwt') return body;
  return /^Bearer ([\w.-]+)$/.exec(body)?.[1];
}
