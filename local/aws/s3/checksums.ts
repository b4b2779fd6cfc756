import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];
/** Base64 values; a composite one of a multipart object ends in `-{parts}`. */
export type Checksums = Readonly<Partial<Record<ChecksumAlgorithm, string>>>;

export const checksumHeader = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;
/** The element that carries it in request and response documents. */
export const checksumElement = (algorithm: ChecksumAlgorithm): string => `Checksum${algorithm}`;
export const checksumAlgorithm = (name: string | undefined): ChecksumAlgorithm | undefined =>
  checksumAlgorithms.find((algorithm) => algorithm === name?.toUpperCase());

/** A checksum of bytes that pass by. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

const bigEndian = (...words: number[]): Buffer => {
  const out = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => {
    out.writeUInt32BE(word >>> 0, 4 * i);
  });
  return out;
};

const startCrc32 = (): RunningChecksum => {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: () => bigEndian(value),
  };
};

// Castagnoli polynomial, bits reflected.
const crc32cTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

const startCrc32c = (): RunningChecksum => {
  let value = -1;
  return {
    update: (bytes) => {
      for (const byte of bytes) value = (crc32cTable[(value ^ byte) & 255] ?? 0) ^ (value >>> 8);
    },
    digest: () => bigEndian(~value),
  };
};

// The NVMe 64-bit polynomial, bits reflected, kept as two 32-bit halves because BigInt is far slower.
const crc64High = new Int32Array(256);
const crc64Low = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let high = 0;
  let low = byte;
  for (let bit = 0; bit < 8; bit++) {
    const carry = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (carry) {
      high ^= 0x9a6c9329;
      low ^= 0xac4bc9b5;
    }
  }
  crc64High[byte] = high;
  crc64Low[byte] = low;
}

const startCrc64Nvme = (): RunningChecksum => {
  let high = -1;
  let low = -1;
  return {
    update: (bytes) => {
      for (const byte of bytes) {
        const at = (low ^ byte) & 255;
        low = ((low >>> 8) | (high << 24)) ^ (crc64Low[at] ?? 0);
        high = (high >>> 8) ^ (crc64High[at] ?? 0);
      }
    },
    digest: () => bigEndian(~high, ~low),
  };
};

const startHash = (name: 'sha1' | 'sha256'): RunningChecksum => {
  const hash = createHash(name);
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
};

export const startChecksum = (algorithm: ChecksumAlgorithm): RunningChecksum => {
  switch (algorithm) {
    case 'CRC32':
      return startCrc32();
    case 'CRC32C':
      return startCrc32c();
    case 'CRC64NVME':
      return startCrc64Nvme();
    case 'SHA1':
      return startHash('sha1');
    case 'SHA256':
      return startHash('sha256');
  }
};

/** The base64 checksum of bytes at hand. */
export const checksumOf = (algorithm: ChecksumAlgorithm, bytes: Uint8Array): string => {
  const running = startChecksum(algorithm);
  running.update(bytes);
  return running.digest().toString('base64');
};
