import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { PacketHeaders, packetSizeGuard } from '../../../../edge-sim/databus/packetSizeGuard';

const publish = (bytes: number) =>
  generate({ cmd: 'publish', topic: 't', payload: Buffer.alloc(bytes), qos: 0, dup: false, retain: false });
const chunks = (stream: Buffer, cuts: readonly number[]) => {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length])].sort((left, right) => left - right);
  return places.slice(1).map((end, at) => stream.subarray(places[at], end));
};

it('knows the size of every packet, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (sizes, cuts) => {
        const headers = new PacketHeaders();
        const stream = Buffer.concat(sizes.map(publish));
        expect(chunks(stream, cuts).flatMap((chunk) => headers.follow(chunk))).toEqual(sizes.map((bytes) => bytes + 3));
      },
    ),
  );
});

it('treats a length of more than four bytes as endless', () => {
  expect(new PacketHeaders().follow(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]))).toEqual([Number.POSITIVE_INFINITY]);
});

it('passes packets up to the limit and ends the connection at the header of a larger one', async () => {
  const socket = new PassThrough();
  const refused: number[] = [];
  const guarded = packetSizeGuard(socket, 1_003, (bytes) => refused.push(bytes));
  const seen: Buffer[] = [];
  guarded.on('data', (chunk: Buffer) => seen.push(chunk));
  const closed = new Promise<void>((resolve) => guarded.once('close', () => resolve()));
  socket.write(publish(1_000));
  await new Promise((resolve) => setImmediate(resolve));
  socket.write(publish(1_001).subarray(0, 3));
  await closed;
  expect(refused).toEqual([1_004]);
  expect(Buffer.concat(seen)).toEqual(publish(1_000));
});
