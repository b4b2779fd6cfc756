import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ManifestInput } from '../../shared/submission/manifest.ts';

/** Files of the approved types, as small as they can be while being what they say. */

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');

/** A ZIP file whose entries are stored as they are. */
export const zipOf = (entries: Readonly<Record<string, string>>): Buffer => {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(entries)) {
    const data = Buffer.from(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), common, rest, Buffer.from(name)]));
    files.push(local);
    at += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...files, list, end]);
};

/** A compound file (MS-CFB) whose directory names this stream, in its second sector. */
export const compoundFileWith = (stream: string): Buffer => {
  const file = Buffer.alloc(512 * 4);
  file.write('d0cf11e0a1b11ae1', 0, 'hex');
  file.writeUInt16LE(9, 30);
  file.writeUInt32LE(1, 44);
  file.writeUInt32LE(1, 48);
  file.fill(0xff, 76, 512);
  file.writeUInt32LE(0, 76);
  file.fill(0xff, 512, 1024);
  file.writeUInt32LE(0xfffffffd, 512);
  file.writeUInt32LE(2, 516);
  file.writeUInt32LE(0xfffffffe, 520);
  utf16('Root Entry').copy(file, 1024);
  utf16(stream).copy(file, 1536);
  return file;
};

export const files = {
  'application/msword': compoundFileWith('WordDocument'),
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': zipOf({
    '[Content_Types].xml': '<Types/>',
    'word/document.xml': '<w:document/>',
  }),
  'application/rtf': Buffer.from('{\\rtf1 Seen and advised.}'),
  'text/html': Buffer.from('\ufeff<!-- export -->\n<!DOCTYPE html><html><body>Seen</body></html>'),
  'text/plain': Buffer.from('Gesehen und beraten – naïve'),
  'text/xml': Buffer.from('<?xml version="1.0"?><observations/>'),
  'image/jpg': Buffer.from('ffd8ffe000104a46494600', 'hex'),
  'image/png': Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  'image/tiff': Buffer.from('49492a0008000000', 'hex'),
} as const;

/** As the manifest names it. */
export const named = (
  name: string,
  bytes: Uint8Array,
  contentType = 'image/png',
): NonNullable<ManifestInput['attachments']>[number] => ({
  name,
  contentType,
  title: `Attachment ${name}`,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});
