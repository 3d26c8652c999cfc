import { Duplex } from 'node:stream';

/** Follows the fixed headers of an MQTT byte stream and tells the size of a packet as soon as its length is known. */
export class PacketHeaders {
  private bytesLeft = 0;
  private lengthBytes: number | undefined;
  private length = 0;

  /** Sizes of the packets whose header ends in this chunk; a malformed length counts as infinite. */
  follow(chunk: Uint8Array): number[] {
    const sizes: number[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.bytesLeft > 0) {
        const skipped = Math.min(this.bytesLeft, chunk.length - at);
        this.bytesLeft -= skipped;
        at += skipped;
      } else if (this.lengthBytes === undefined) {
        this.lengthBytes = 0;
        this.length = 0;
        at += 1;
      } else {
        const byte = chunk[at++] as number;
        this.length += (byte & 0x7f) * 128 ** this.lengthBytes;
        this.lengthBytes += 1;
        if ((byte & 0x80) === 0) {
          sizes.push(this.length);
          this.bytesLeft = this.length;
          this.lengthBytes = undefined;
        } else if (this.lengthBytes === 4) return [...sizes, Number.POSITIVE_INFINITY];
      }
    }
    return sizes;
  }
}

/** Passes a connection through unless a packet announces more bytes than allowed; then the connection ends before they are buffered. */
export function packetSizeGuard(socket: Duplex, maxPacketBytes: number, refused: (bytes: number) => void): Duplex {
  const headers = new PacketHeaders();
  const guarded = new Duplex({
    read: () => socket.resume(),
    write: (chunk, _encoding, done) => {
      if (socket.write(chunk as Buffer)) done();
      else socket.once('drain', () => done());
    },
    final: (done) => {
      socket.end();
      done();
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    const tooLarge = headers.follow(chunk).find((bytes) => bytes > maxPacketBytes);
    if (tooLarge !== undefined) {
      refused(tooLarge);
      guarded.destroy();
    } else if (!guarded.push(chunk)) socket.pause();
  });
  socket.on('end', () => guarded.push(null));
  socket.on('error', (error) => guarded.destroy(error));
  socket.on('close', () => guarded.destroy());
  return guarded;
}
